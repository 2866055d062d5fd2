#include "model/anatomy.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "model/file_type.h"

namespace qualm::model {
namespace {

/// Weights per type.
using Mix = std::map<std::string, Total>;

std::vector<TypeTotal> most_first(const Mix& mix) {
  std::vector<TypeTotal> out;
  for (const auto& [type, total] : mix) out.push_back({type, total});
  std::ranges::stable_sort(out, std::ranges::greater(),
                           [](const TypeTotal& t) { return t.total.parameters; });
  return out;
}

std::vector<ClassTotal> class_totals(const std::vector<Tensor>& tensors) {
  std::map<TensorClass, std::pair<Total, Mix>> by_class;
  for (const Tensor& tensor : tensors) {
    auto& [total, mix] = by_class[tensor_class(tensor.name)];
    total.add(tensor);
    mix[tensor.encoding.name].add(tensor);
  }
  std::vector<ClassTotal> out;
  for (const auto& [tensor_class, held] : by_class) {
    ClassTotal one{tensor_class, held.first, {}};
    for (const TypeTotal& type : most_first(held.second)) one.types.push_back(type.type);
    out.push_back(std::move(one));
  }
  return out;
}

bool is_block_matrix(const Tensor& tensor) {
  const TensorClass what = tensor_class(tensor.name);
  return tensor.dims.size() >= 2 && what != TensorClass::token_embd && what != TensorClass::output;
}

bool is_provenance(std::string_view key) {
  constexpr std::array<std::string_view, 3> kNot = {"general.architecture", "general.alignment",
                                                    "general.file_type"};
  if (std::ranges::find(kNot, key) != kNot.end()) return false;
  return key.starts_with("general.") || key.starts_with("quantize.") ||
         key.starts_with("quantization.") || key.starts_with("prism.hadamard.");
}

std::optional<Experts> experts_of(const Checkpoint& checkpoint) {
  const auto count = checkpoint.arch_integer("expert_count");
  if (!count || *count <= 0) return std::nullopt;
  return Experts{*count, checkpoint.arch_integer("expert_used_count")};
}

/// What llama-quantize stores instead of a type whose blocks of 256 do not fit in the rows
/// (llama.cpp, src/llama-quant.cpp); "" for other types.
std::string_view fallback_of(std::string_view type) {
  if (type == "Q6_K") return "Q8_0";
  if (type == "Q5_K") return "Q5_1";
  if (type == "Q4_K") return "Q5_0";
  if (type.starts_with("TQ")) return "Q4_0";
  return type.starts_with("IQ") || type.ends_with("_K") ? "IQ4_NL" : "";
}

/// Where most matrices are what llama-quantize takes in place of the label's type, and have to be.
void find_fallback(const Checkpoint& checkpoint, std::string_view type, FileType& out) {
  constexpr std::int64_t kBlock = 256;
  if (out.most_used != fallback_of(type)) return;
  for (const Tensor& tensor : checkpoint.tensors) {
    if (!is_block_matrix(tensor) || tensor.encoding.name != out.most_used) continue;
    if (tensor.row_length() % kBlock == 0) continue;
    out.replaced = type;
    out.row = tensor.row_length();
    out.agrees = true;
    return;
  }
}

std::optional<FileType> file_type_of(const Checkpoint& checkpoint, const Mix& matrices) {
  const auto claimed = checkpoint.metadata.integer("general.file_type");
  if (!claimed || *claimed < 0) return std::nullopt;
  FileType out;
  out.guessed = *claimed >= kGuessedFileType;
  out.id = out.guessed ? *claimed - kGuessedFileType : *claimed;
  const auto label = file_type_label(*claimed);
  if (label) out.label = label->name;
  const auto types = most_first(matrices);
  if (types.empty()) return out;
  double all = 0;
  for (const TypeTotal& type : types) all += static_cast<double>(type.total.parameters);
  out.most_used = types[0].type;
  out.share = all > 0 ? static_cast<double>(types[0].total.parameters) / all : 0;
  out.agrees = !label || out.most_used == label->main_type || out.most_used == label->or_type;
  if (!out.agrees) find_fallback(checkpoint, label->main_type, out);
  return out;
}

}  // namespace

void Total::add(const Tensor& tensor) noexcept {
  ++tensors;
  bytes += tensor.bytes;
  parameters += tensor.parameters();
}

double Total::bits_per_weight() const noexcept {
  return parameters == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(parameters);
}

Anatomy anatomy(const Checkpoint& checkpoint) {
  Anatomy out;
  Mix all;
  Mix matrices;
  for (const Tensor& tensor : checkpoint.tensors) {
    all[tensor.encoding.name].add(tensor);
    if (!is_block_matrix(tensor)) continue;
    matrices[tensor.encoding.name].add(tensor);
    out.matrices.add(tensor);
  }
  out.types = most_first(all);
  out.classes = class_totals(checkpoint.tensors);
  out.tokenizer = tokenizer_summary(checkpoint.metadata);
  for (const Entry& entry : checkpoint.metadata.entries())
    if (is_provenance(entry.key)) out.provenance.emplace_back(entry.key, to_text(entry.value));
  out.experts = experts_of(checkpoint);
  out.context_length = checkpoint.arch_integer("context_length");
  out.file_type = file_type_of(checkpoint, matrices);
  return out;
}

}  // namespace qualm::model
