#include "clinic/changed_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <vector>

#include "assemble/gguf_writer.h"
#include "formats/read.h"
#include "model/layer_name.h"

namespace qualm::clinic {
namespace {

constexpr int kF32 = 0;  // GGUF's type of a tensor
constexpr std::size_t kNf4Block = 64;
constexpr std::int64_t kPadding = 64;
constexpr std::size_t kOutlierEvery = 16;  // inputs
constexpr float kOutlier = 10;  // the bundled base's Q4_K_M: KLD at most 0.038 in place of 0.0044
constexpr std::int64_t kUnused = 5;  // llama.cpp's type of a token that no text gives

using assemble::Image;
using model::Checkpoint;
using model::Tensor;

/// Input i is divided by it: 0.8 to 1.25, no two neighbours alike.
float scale_of(std::size_t input) {
  return std::exp2(0.32F * std::sin(7.0F * static_cast<float>(input)));
}

bool is_part(const model::LayerName& name, std::string_view part) {
  return name.rest.starts_with(part) && name.rest.size() > part.size() &&
         name.rest[part.size()] == '.';
}

bool is_any(const model::LayerName& name, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return is_part(name, part); });
}

/// 1, but for one input of 16: the norm before it gives it as an outlier, as large models have
/// them, and its weights become small beside those that share a block with them.
float outlier_of(std::size_t input) { return input % kOutlierEvery == 0 ? kOutlier : 1; }

using ScaleOf = float (*)(std::size_t input);

void divide_inputs(const Tensor& tensor, Values values, ScaleOf scale) {
  const auto inputs = static_cast<std::size_t>(tensor.row_length());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= scale(i % inputs);
}

/// The values of another tensor of the file.
Result<void> take(const Checkpoint& file, const std::string& name, const Tensor& tensor,
                  Values values) {
  QUALM_TRY(const Tensor* const other, counterpart(file, name, tensor));
  return other->data->rows(0, other->row_count(), values);
}

void exchange_first_two(Values values, std::int64_t experts) {
  const std::size_t each = values.size() / static_cast<std::size_t>(experts);
  std::ranges::swap_ranges(values.first(each), values.subspan(each, each));
}

/// Dettmers et al. 2023 (QLoRA), appendix E.
constexpr std::array kNf4{-1.0F,        -0.69619280F, -0.52507305F, -0.39491749F,
                          -0.28444138F, -0.18477343F, -0.09105004F, 0.0F,
                          0.07958030F,  0.16093020F,  0.24611230F,  0.33791524F,
                          0.44070983F,  0.56261700F,  0.72295684F,  1.0F};

/// To the nearest of the values, times the largest of the block.
void round_to_nf4(Values block) {
  float scale = 0;
  for (const float value : block) scale = std::max(scale, std::abs(value));
  if (scale == 0) return;
  for (float& value : block)
    value = scale * *std::ranges::min_element(
                        kNf4, {}, [&](float level) { return std::abs(level - value / scale); });
}

model::Metadata with_more_tokens(const Checkpoint& file) {
  model::Metadata metadata = file.metadata;
  for (const model::Entry& entry : file.metadata.entries()) {
    if (!entry.key.starts_with("tokenizer.ggml.")) continue;
    model::Value value = entry.value;
    auto* const tokens = std::get_if<std::vector<std::string>>(&value);
    if (tokens && entry.key.ends_with(".tokens"))
      for (std::int64_t i = 0; i < kPadding; ++i)
        tokens->push_back("[PAD" + std::to_string(i) + "]");
    if (auto* const scores = std::get_if<std::vector<double>>(&value))
      scores->resize(scores->size() + kPadding, -1000.0);
    if (auto* const types = std::get_if<std::vector<std::int64_t>>(&value))
      types->resize(types->size() + kPadding, kUnused);
    metadata.set(entry.key, std::move(value), entry.type);
  }
  return metadata;
}

/// A matrix with a row for each token.
bool of_tokens(const Tensor& tensor) {
  return tensor.name == "token_embd.weight" || tensor.name == "output.weight";
}

/// Every tensor in F32, changed; matrices of tokens with rows of zeros at their end.
Result<Image> rewritten(const Checkpoint& file, const model::Metadata& metadata,
                        std::int64_t more_tokens, const Change& change) {
  QUALM_TRY(auto writer, assemble::GgufWriter::create("changed"));
  QUALM_CHECK(writer.metadata(metadata));
  const auto more_rows = [&](const Tensor& tensor) { return of_tokens(tensor) ? more_tokens : 0; };
  for (const Tensor& tensor : file.tensors) {
    auto dims = tensor.dims;
    if (const std::int64_t rows = more_rows(tensor); rows > 0) dims[1] += rows;
    QUALM_CHECK(writer.declare(tensor.name, dims, kF32));
  }
  QUALM_CHECK(writer.finish_header());
  for (const Tensor& tensor : file.tensors) {
    std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
    QUALM_CHECK(tensor.data->rows(0, tensor.row_count(), values));
    QUALM_CHECK(change(tensor, values));
    values.resize(values.size() +
                  static_cast<std::size_t>(more_rows(tensor) * tensor.row_length()));
    QUALM_CHECK(writer.data(std::as_bytes(std::span(values))));
    QUALM_CHECK(writer.end_tensor());
  }
  return std::move(writer).take();
}

/// Scales moved from the inputs of queries, keys, values, gate and up into the norm before them.
Result<Image> folded(const std::string& path, Router router, ScaleOf scale) {
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const auto name = model::layer_name(tensor.name);
    if (!name) return {};
    if (is_any(*name, {"attn_norm", "ffn_norm"}))
      for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scale(i);
    const bool scaled = router == Router::scaled && is_part(*name, "ffn_gate_inp");
    if (scaled || is_any(*name, {"attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up",
                                 "ffn_gate_exps", "ffn_up_exps"}))
      divide_inputs(tensor, values, scale);
    return {};
  });
}

}  // namespace

Error nothing_to_edit(const std::string& path, const std::string& what) {
  return {Kind::input, "CLINIC-003", path, "", what, "none", "Take another --baseline."};
}

Result<const Tensor*> counterpart(const Checkpoint& file, const std::string& name,
                                  const Tensor& of) {
  const Tensor* other = file.find(name);
  if (!other || other->dims != of.dims)
    return fail(nothing_to_edit(file.path, "the tensor " + name));
  return other;
}

Result<Image> changed(const std::string& path, const Change& change) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  return rewritten(file, file.metadata, 0, change);
}

Result<Image> changed_tensor(const std::string& path, std::string_view name,
                             const std::function<void(const Tensor&, Values)>& change) {
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    if (tensor.name == name) change(tensor, values);
    return {};
  });
}

Result<Image> with_folded_scales(const std::string& path, Router router) {
  return folded(path, router, scale_of);
}

Result<Image> with_outliers(const std::string& path) {
  return folded(path, Router::scaled, outlier_of);
}

Result<Image> without_lora(const std::string& tuned, const std::string& base) {
  QUALM_TRY(const Checkpoint from, formats::read(base));
  return changed(tuned, [&](const Tensor& tensor, Values values) -> Result<void> {
    const auto name = model::layer_name(tensor.name);
    if (!name || !is_any(*name, {"attn_q", "attn_v"})) return {};
    return take(from, tensor.name, tensor, values);
  });
}

Result<Image> with_exchanged_norms(const std::string& path) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    if (tensor.name == "blk.2.attn_norm.weight")
      return take(file, "blk.2.ffn_norm.weight", tensor, values);
    if (tensor.name == "blk.2.ffn_norm.weight")
      return take(file, "blk.2.attn_norm.weight", tensor, values);
    return {};
  });
}

Result<Image> with_exchanged_experts(const std::string& path, Layers layers) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  const std::int64_t experts = file.arch_integer("expert_count").value_or(0);
  if (experts < 2) return fail(nothing_to_edit(path, "two experts"));
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const auto name = model::layer_name(tensor.name);
    if (name && name->rest.ends_with("_exps.weight") && (layers == Layers::all || name->layer == 1))
      exchange_first_two(values, experts);
    return {};
  });
}

Result<Image> through_nf4(const std::string& path) {
  return changed(path, [](const Tensor& tensor, Values values) -> Result<void> {
    if (!model::layer_of(tensor.name) || tensor.dims.size() < 2) return {};
    for (; values.size() >= kNf4Block; values = values.subspan(kNf4Block))
      round_to_nf4(values.first(kNf4Block));
    return {};
  });
}

Result<Image> with_padded_vocabulary(const std::string& path) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  return rewritten(file, with_more_tokens(file), kPadding,
                   [](const Tensor&, Values) -> Result<void> { return {}; });
}

}  // namespace qualm::clinic
