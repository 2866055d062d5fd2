#include "clinic/originals.h"

#include <algorithm>
#include <vector>

#include "assemble/recipe.h"
#include "clinic/changed_weights.h"
#include "formats/read.h"
#include "model/layer_name.h"

namespace qualm::clinic {
namespace {

constexpr float kSharper = 1.2F;
constexpr float kRescaled = 1.5F;
constexpr float kHuge = 1e5F;
constexpr const char* kMatrix = "blk.2.ffn_down.weight";

using Image = assemble::Image;
using model::Checkpoint;
using model::Tensor;
/// Halfway between the two.
Result<Image> merged(const std::string& one, const std::string& two) {
  QUALM_TRY(const Checkpoint b, formats::read(two));
  return changed(one, [&](const Tensor& tensor, Values values) -> Result<void> {
    QUALM_TRY(const Tensor* const other, counterpart(b, tensor.name, tensor));
    std::vector<float> theirs(values.size());
    QUALM_CHECK(other->data->rows(0, other->row_count(), theirs));
    std::ranges::transform(values, theirs, values.begin(),
                           [](float p, float q) { return (p + q) / 2; });
    return {};
  });
}

/// The first expert of each layer as Q2_K leaves it.
Result<Image> with_crushed_expert(const std::string& path, Progress& progress) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  const assemble::Recipe recipe{{{"*_exps.weight", assemble::Action::encode, "Q2_K"}}};
  QUALM_TRY(const Image rounded_image, assemble::assemble(file, nullptr, recipe, progress));
  QUALM_TRY(const Checkpoint rounded, formats::read(rounded_image.path()));
  const std::int64_t experts = file.arch_integer("expert_count").value_or(1);
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const Values crushed = first_expert(tensor.name, experts, values);
    if (crushed.empty()) return {};
    return rounded.find(tensor.name)->data->rows(0, tensor.row_count() / experts, crushed);
  });
}

/// Layers 2 and 3 in each other's place.
Result<Image> exchanged(const std::string& path) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const auto parts = model::layer_name(tensor.name);
    const bool moves = parts && (parts->layer == 2 || parts->layer == 3);
    const std::string name = moves ? parts->in_layer(5 - parts->layer) : tensor.name;
    QUALM_TRY(const Tensor* const other, counterpart(file, name, tensor));
    return other->data->rows(0, other->row_count(), values);
  });
}

/// Queries and keys as Hugging Face keeps them, where llama.cpp wants the halves of each head
/// interleaved (convert_hf_to_gguf.py, LlamaModel.permute).
Result<Image> unpermuted(const std::string& path) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  const auto heads = file.arch_integer("attention.head_count").value_or(1);
  const auto kv_heads = file.arch_integer("attention.head_count_kv").value_or(heads);
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const auto kind = model::tensor_class(tensor.name);
    const bool keys = kind == model::TensorClass::attn_k;
    if ((kind != model::TensorClass::attn_q && !keys) || tensor.dims.size() < 2) return {};
    const std::int64_t rows = tensor.row_count() / (keys ? kv_heads : heads);  // of a head
    for (std::int64_t row = 0; row < tensor.row_count(); ++row) {
      const std::int64_t in_head = row % rows;
      const std::int64_t from = row - in_head + in_head % (rows / 2) * 2 + in_head / (rows / 2);
      QUALM_CHECK(
          tensor.data->rows(from, 1,
                            values.subspan(static_cast<std::size_t>(row * tensor.row_length()),
                                           static_cast<std::size_t>(tensor.row_length()))));
    }
    return {};
  });
}

/// Each row of one matrix as its first value.
Result<Image> with_constant_rows(const std::string& path, std::string_view name) {
  return changed_tensor(path, name, [](const Tensor& tensor, Values values) {
    const auto row = static_cast<std::size_t>(tensor.row_length());
    for (; values.size() >= row; values = values.subspan(row))
      std::ranges::fill(values.first(row), values.front());
  });
}

/// One weight a hundred thousand times as large as any.
Result<Image> with_huge_weight(const std::string& path, std::string_view name) {
  return changed_tensor(path, name, [](const Tensor&, Values values) {
    values[values.size() / 2] = kHuge * std::ranges::max(values);
  });
}

/// One tensor times a number.
Result<Image> times(const std::string& path, std::string_view name, float factor) {
  return changed_tensor(path, name, [&](const Tensor&, Values values) {
    for (float& value : values) value *= factor;
  });
}

/// As a quant type leaves it.
Result<Image> through(const std::string& type, const std::string& path,
                      assemble::Quantizer& quantizer) {
  QUALM_TRY(const Image low, quantizer.quantize(path, assemble::quantize_options(type)));
  return changed(low.path(), [](const Tensor&, Values) -> Result<void> { return {}; });
}

}  // namespace

Result<std::optional<Image>> original(const ClinicCase& made, const ClinicStock& stock,
                                      assemble::Quantizer& quantizer, Progress& progress) {
  const std::string& path = stock.of(made.source);
  switch (made.edit) {
    case Edit::half_merge:
      return merged(stock.finetune, stock.base);
    case Edit::crushed_expert:
      return with_crushed_expert(path, progress);
    case Edit::sharpened:
      return times(path, "output_norm.weight", kSharper);
    case Edit::exchanged:
      return exchanged(path);
    case Edit::unpermuted:
      return unpermuted(path);
    case Edit::rescaled:
      return times(path, kMatrix, kRescaled);
    case Edit::constant_rows:
      return with_constant_rows(path, kMatrix);
    case Edit::huge_weight:
      return with_huge_weight(path, kMatrix);
    case Edit::zeroed_router:
      return times(path, "blk.1.ffn_gate_inp.weight", 0);
    case Edit::through_q2_k:
      return through("Q2_K", path, quantizer);
    case Edit::through_q4_0:
      return through("Q4_0", path, quantizer);
    case Edit::through_nf4:
      return through_nf4(path);
    case Edit::folded:
      return with_folded_scales(path, Router::scaled);
    case Edit::folded_without_router:
      return with_folded_scales(path, Router::left_out);
    case Edit::lora_missing:
      return without_lora(stock.finetune, stock.base);
    case Edit::exchanged_norms:
      return with_exchanged_norms(path);
    case Edit::exchanged_experts:
      return with_exchanged_experts(path, Layers::one);
    case Edit::other_expert_order:
      return with_exchanged_experts(path, Layers::all);
    case Edit::padded_vocabulary:
      return with_padded_vocabulary(path);
    default:
      return std::nullopt;
  }
}

}  // namespace qualm::clinic
