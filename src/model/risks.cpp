#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "model/activations.h"
#include "model/anatomy.h"
#include "model/cache.h"
#include "model/prompt_risks.h"
#include "model/rope_risks.h"

namespace qualm::model {
namespace {

using Risks = std::vector<Risk>;

constexpr std::int64_t kMostBiases = 1 << 20;  // a file that claims more of one layer lies

const ClassTotal* find_class(const Anatomy& anatomy, TensorClass wanted) {
  const auto it = std::ranges::find(anatomy.classes, wanted, &ClassTotal::tensor_class);
  return it == anatomy.classes.end() ? nullptr : &*it;
}

bool has_key(const Checkpoint& checkpoint, std::string_view prefix) {
  return std::ranges::any_of(checkpoint.metadata.entries(),
                             [&](const Entry& e) { return e.key.starts_with(prefix); });
}

void tier_risks(const Checkpoint& checkpoint, const Anatomy& anatomy, Risks& risks) {
  const double bits = anatomy.matrices.bits_per_weight();
  if (anatomy.matrices.parameters == 0 || bits >= kQ4KBits) return;
  if (bits < kFloorBits) {
    risks.push_back(
        {"below_floor", fmt::format("The matrices of the layers have {:.2f} bits per "
                                    "weight, without the embedding. The usual minimum is {:.1f}.",
                                    bits, kFloorBits)});
    if (!names_importance(checkpoint.metadata) && !has_key(checkpoint, "quantization."))
      risks.push_back({"imatrix_not_recorded",
                       "The file names no importance matrix. Perhaps none was used; with so few "
                       "bits that makes the loss larger."});
  } else {
    risks.push_back(
        {"below_q4_k_m", fmt::format("The matrices of the layers have {:.2f} bits per "
                                     "weight, without the embedding. Q4_K_M has {:.1f}.",
                                     bits, kQ4KBits)});
  }
}

void label_risk(const Anatomy& anatomy, Risks& risks) {
  if (!anatomy.file_type) return;
  const FileType& type = *anatomy.file_type;
  if (!type.replaced.empty())
    risks.push_back(
        {"type_replaced",
         fmt::format("{} in place of {}: rows of {} weights are no multiple of 256. This "
                     "costs {:.1f} bits per weight instead of {:.1f}.",
                     type.most_used, type.replaced, type.row,
                     encoding_type(type.most_used).stored_bits,
                     encoding_type(type.replaced).stored_bits)});
  if (type.agrees) return;
  risks.push_back({"label_disagrees",
                   fmt::format("The file calls itself {}{}, but {:.0f} % of the layers' matrices "
                               "are {}.",
                               type.label, type.guessed ? " (a guess)" : "", 100 * type.share,
                               type.most_used)});
}

/// Norms of the key biases by tensor, in file order; tensors that cannot be read are left out.
std::vector<std::pair<std::string, double>> key_bias_norms(const Checkpoint& checkpoint) {
  std::vector<std::pair<std::string, double>> norms;
  for (const Tensor& tensor : checkpoint.tensors) {
    if (!tensor.name.ends_with(".attn_k.bias") || !tensor.data || tensor.parameters() == 0 ||
        tensor.parameters() > kMostBiases)
      continue;
    std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
    if (!tensor.data->rows(0, tensor.row_count(), values)) continue;
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
    norms.emplace_back(tensor.name, std::sqrt(sum));
  }
  return norms;
}

void key_bias_risk(const Checkpoint& checkpoint, Risks& risks) {
  const auto norms = key_bias_norms(checkpoint);
  if (norms.empty()) return;
  std::vector<double> sorted;
  for (const auto& [name, norm] : norms) sorted.push_back(norm);
  std::ranges::sort(sorted);
  const auto largest = std::ranges::max_element(norms, {}, [](const auto& n) { return n.second; });
  risks.push_back(
      {"k_bias",
       fmt::format("Keys have a bias in {} layers; its norm is {:.3g} at most ({}) and "
                   "{:.3g} in the median: large ones make a quantized K cache lose "
                   "precision.",
                   norms.size(), largest->second, largest->first, sorted[sorted.size() / 2])});
}

void cache_risks(const Checkpoint& checkpoint, Risks& risks) {
  key_bias_risk(checkpoint, risks);
  for (const CacheSide side : {CacheSide::k, CacheSide::v}) {
    const auto size = head_size(checkpoint, side);
    if (!size || *size % kCacheBlock == 0) continue;
    const bool key = side == CacheSide::k;
    risks.push_back({key ? "k_head_size" : "v_head_size",
                     fmt::format("Heads are {} wide, not a multiple of {}: the {} cache cannot be "
                                 "quantized.",
                                 *size, kCacheBlock, key ? "K" : "V")});
  }
  if (std::ranges::any_of(checkpoint.tensors, [](const Tensor& tensor) {
        return tensor.name.find(".attn_sinks") != std::string::npos;
      }))
    risks.push_back({"attention_sinks",
                     "The layers have attention sinks: such models were seen to change a quarter "
                     "of their top tokens even with a q8_0 cache."});
}

void architecture_risks(const Checkpoint& checkpoint, const Anatomy& anatomy, Risks& risks) {
  const ClassTotal* embedding = find_class(anatomy, TensorClass::token_embd);
  if (checkpoint.tied_embeddings() && embedding) {
    const double bits = checkpoint.find("token_embd.weight")->bits_per_weight();
    if (bits < kQ5KBits)
      risks.push_back({bits < kFloorBits ? "tied_embedding_crushed" : "tied_embedding_low",
                       fmt::format("The embedding is the output matrix as well and has {:.2f} bits "
                                   "per weight; llama-quantize gives such a matrix {:.1f} or more.",
                                   bits, kQ5KBits)});
  }
  const ClassTotal* router = find_class(anatomy, TensorClass::router);
  if (router && router->total.bits_per_weight() < kF16Bits)
    risks.push_back({"router_quantized",
                     fmt::format("The router has {:.2f} bits per weight; converters leave it in "
                                 "F32, since it decides which experts run.",
                                 router->total.bits_per_weight())});
}

void provenance_risks(const Checkpoint& checkpoint, Risks& risks) {
  if (const auto named = named_quantizer(checkpoint))
    risks.push_back({"quant_of_a_quant", *named + "."});
  constexpr std::array<std::string_view, 8> kOrigins = {
      "general.source.",      "general.base_model.",  "general.repo_url", "general.url",
      "general.organization", "general.quantized_by", "general.author",   "quantization.quantizer"};
  const bool named = has_key(checkpoint, "general.basename") && has_key(checkpoint, "general.tags");
  if (!named && std::ranges::none_of(
                    kOrigins, [&](std::string_view key) { return has_key(checkpoint, key); }))
    risks.push_back({"provenance_unknown",
                     "The file does not say which model it was made from, or who made it."});
  if (const std::string key = rotation_key(checkpoint); !key.empty())
    risks.push_back({"weights_rotated",
                     fmt::format("The weights are rotated ({}): they cannot be compared one by one "
                                 "with an original that is not.",
                                 key)});
  if (const auto rounded = quantized_activations(checkpoint))
    risks.push_back(
        {"activations_quantized",
         fmt::format("Activations are quantized as well ({}). qualm runs the weights alone: what "
                     "that costs is not examined.",
                     rounded->says)});
}

}  // namespace

bool names_importance(const Metadata& metadata) noexcept {
  return std::ranges::any_of(metadata.entries(), [](const Entry& entry) {
    return entry.key.starts_with("quantize.imatrix.");
  });
}

std::optional<std::string> named_quantizer(const Checkpoint& checkpoint) {
  constexpr std::array kKeys{"general.name", "general.basename", "general.finetune",
                             "general.source.name_or_path"};
  constexpr std::array kMarks{"awq", "gptq", "bnb", "4bit", "4-bit", "nf4", "exl2", "exl3", "hqq"};
  if (!checkpoint.format.starts_with("GGUF")) return std::nullopt;
  for (const char* key : kKeys) {
    const auto name = checkpoint.metadata.string(key);
    if (!name) continue;
    const std::string lower = lower_case(*name);
    for (const char* mark : kMarks)
      if (lower.find(mark) != std::string::npos)
        return fmt::format("{} is \"{}\": the file may be a quant of a quant", key, *name);
  }
  return std::nullopt;
}

std::vector<Risk> static_risks(const Checkpoint& checkpoint, const Anatomy& anatomy) {
  Risks risks = prompt_risks(checkpoint.metadata);
  std::ranges::move(rope_risks(checkpoint), std::back_inserter(risks));
  tier_risks(checkpoint, anatomy, risks);
  label_risk(anatomy, risks);
  cache_risks(checkpoint, risks);
  architecture_risks(checkpoint, anatomy, risks);
  provenance_risks(checkpoint, risks);
  return risks;
}

}  // namespace qualm::model
