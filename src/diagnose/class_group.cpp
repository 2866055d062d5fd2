#include "diagnose/class_group.h"

#include <algorithm>
#include <array>
#include <set>

#include "diagnose/thresholds.h"
#include "model/layer_name.h"

namespace qualm::diagnose {
namespace {

using model::TensorClass;

constexpr auto kFloatBytes = static_cast<std::int64_t>(kFloatBits / 8);

struct Kind {
  std::vector<TensorClass> classes;
  const char* id;
  const char* title;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> kKinds{
      {{TensorClass::token_embd}, "token_embd", "the embedding"},
      {{TensorClass::attn_q, TensorClass::attn_k, TensorClass::attn_qkv},
       "attn_q+k",
       "attention queries and keys"},
      {{TensorClass::attn_v}, "attn_v", "attention values"},
      {{TensorClass::attn_output}, "attn_output", "attention outputs"},
      {{TensorClass::router}, "router", "the router"},
      {{TensorClass::ffn_gate, TensorClass::ffn_up}, "ffn_gate+up", "feed-forward gate and up"},
      {{TensorClass::ffn_down}, "ffn_down", "feed-forward down"},
      {{TensorClass::experts}, "experts", "the experts"},
      {{TensorClass::shared_experts}, "shared_experts", "the shared experts"},
      {{TensorClass::ssm}, "ssm", "the state-space layers"},
      {{TensorClass::output}, "output", "the output matrix"},
      {{TensorClass::other}, "other", "other matrices"},
  };
  return kKinds;
}

/// "blk.12.attn_q.weight" -> "blk.*.attn_q.weight"
std::string pattern_of(const std::string& name) {
  const auto parts = model::layer_name(name);
  return parts ? parts->in_any_layer() : name;
}

bool in_layers(const ClassGroup& group) {
  return group.classes.front() != TensorClass::token_embd &&
         group.classes.front() != TensorClass::output &&
         group.classes.front() != TensorClass::router;
}

bool is_crushed(const ClassGroup& group, bool tied) {
  if (group.classes.front() == TensorClass::router && group.bits() < kFloatBits) return true;
  if (group.classes.front() == TensorClass::token_embd && tied && group.bits() < kTiedBits)
    return true;
  return group.rest_bits > 0 && group.bits() <= kClearlyFewer * group.rest_bits;
}

void compare_with_rest(std::vector<ClassGroup>& groups, bool tied) {
  std::int64_t all = 0;
  for (const ClassGroup& group : groups) all += group.parameters;
  for (ClassGroup& group : groups) {
    std::int64_t bytes = 0;
    std::int64_t parameters = 0;
    for (const ClassGroup& other : groups) {
      if (&other == &group || !in_layers(other)) continue;
      bytes += other.bytes;
      parameters += other.parameters;
    }
    group.share = static_cast<double>(group.parameters) / static_cast<double>(all);
    if (parameters > 0)
      group.rest_bits = 8.0 * static_cast<double>(bytes) / static_cast<double>(parameters);
    group.crushed = is_crushed(group, tied);
  }
}

}  // namespace

double ClassGroup::bits() const noexcept {
  return parameters == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(parameters);
}

std::vector<ClassGroup> class_groups(const model::Checkpoint& candidate,
                                     const model::Checkpoint* baseline) {
  std::vector<ClassGroup> groups;
  for (const Kind& kind : kinds()) {
    ClassGroup group{.id = kind.id, .title = kind.title, .classes = kind.classes, .patterns = {}};
    std::set<std::string> patterns;
    for (const model::Tensor& tensor : candidate.tensors) {
      if (std::ranges::find(kind.classes, model::tensor_class(tensor.name)) == kind.classes.end())
        continue;
      const model::Tensor* original = baseline ? baseline->find(tensor.name) : nullptr;
      const bool paired = !baseline || (original && original->dims == tensor.dims);
      if (tensor.dims.size() < 2 || !paired) continue;
      patterns.insert(pattern_of(tensor.name));
      group.parameters += tensor.parameters();
      group.bytes += tensor.bytes;
      group.baseline_bytes += original ? original->bytes : kFloatBytes * tensor.parameters();
    }
    if (group.bytes >= group.baseline_bytes) continue;
    group.patterns.assign(patterns.begin(), patterns.end());
    if (group.classes.front() == TensorClass::token_embd && candidate.tied_embeddings())
      group.title = "the embedding (also the output matrix)";
    groups.push_back(std::move(group));
  }
  compare_with_rest(groups, candidate.tied_embeddings());
  return groups;
}

assemble::Recipe restored(const ClassGroup& group) {
  assemble::Recipe recipe;
  for (const std::string& pattern : group.patterns)
    recipe.rules.push_back({pattern, assemble::Action::from_baseline, ""});
  return recipe;
}

assemble::Recipe alone(const ClassGroup& group) {
  assemble::Recipe recipe;
  for (const std::string& pattern : group.patterns)
    recipe.rules.push_back({pattern, assemble::Action::keep, ""});
  recipe.rules.push_back({"*", assemble::Action::from_baseline, ""});
  return recipe;
}

}  // namespace qualm::diagnose
