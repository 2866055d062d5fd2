#include "assemble/recipe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fnmatch.h>
#include <ggml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>

#include "assemble/gguf_writer.h"
#include "codec/plain_rounding.h"
#include "model/tensor_class.h"

namespace qualm::assemble {
namespace {

using model::Checkpoint;
using model::Tensor;

constexpr std::int64_t kValuesAtOnce = std::int64_t{1} << 20;

const Rule* rule_for(const Recipe& recipe, const std::string& tensor) {
  const auto it = std::ranges::find_if(recipe.rules, [&](const Rule& rule) {
    return ::fnmatch(rule.pattern.c_str(), tensor.c_str(), 0) == 0;
  });
  return it == recipe.rules.end() ? nullptr : &*it;
}

std::optional<ggml_type> type_named(const std::string& name) {
  const auto* const type = model::ggml_encoding(name);
  if (!type || type->ggml_type >= GGML_TYPE_COUNT) return std::nullopt;
  return static_cast<ggml_type>(type->ggml_type);
}

/// Calls take(values) for every stretch of whole rows of the tensor, in order.
template <class Take>
Result<void> for_rows(const Tensor& tensor, Take&& take) {
  const std::int64_t length = tensor.row_length();
  const std::int64_t at_once =
      std::max<std::int64_t>(1, kValuesAtOnce / std::max<std::int64_t>(1, length));
  std::vector<float> values;
  for (std::int64_t row = 0; row < tensor.row_count(); row += at_once) {
    const std::int64_t count = std::min(at_once, tensor.row_count() - row);
    values.resize(static_cast<std::size_t>(count * length));
    QUALM_CHECK(tensor.data->rows(row, count, values));
    QUALM_CHECK(take(std::span(values), count));
  }
  return {};
}

/// Floats that ggml computes with: not F64.
bool is_float(int type) {
  const auto* const known = model::ggml_encoding(type);
  return known && known->family == model::EncodingFamily::floats && type != GGML_TYPE_F64;
}

/// Norms and biases, which ggml computes in F32, and what llama.cpp's converter never stores in
/// less: ggml would round a router's input to the weights' type.
bool stays_f32(const Tensor& tensor) {
  return tensor.dims.size() < 2 || model::tensor_class(tensor.name) == model::TensorClass::router ||
         tensor.name == "position_embd.weight";
}

/// F16 where rounding to it costs no more than F16's own precision and nothing overflows, else F32.
Result<ggml_type> float_type(const Tensor& tensor) {
  if (stays_f32(tensor)) return GGML_TYPE_F32;
  double error = 0;
  double energy = 0;
  bool overflow = false;
  QUALM_CHECK(for_rows(tensor, [&](std::span<const float> values, std::int64_t) -> Result<void> {
    for (const float value : values) {
      const float rounded = ggml_fp16_to_fp32(ggml_fp32_to_fp16(value));
      overflow = overflow || (std::isfinite(value) && !std::isfinite(rounded));
      const auto difference = static_cast<double>(value) - static_cast<double>(rounded);
      error += difference * difference;
      energy += static_cast<double>(value) * static_cast<double>(value);
    }
    return {};
  }));
  constexpr double kHalfUlp = 1.0 / 2048;
  return overflow || error > energy * kHalfUlp * kHalfUlp ? GGML_TYPE_F32 : GGML_TYPE_F16;
}

enum class How {
  encode,  ///< the tensor's values
  copy,    ///< its bytes
  widen,   ///< its blocks, scale and steps, as those of Q8_0
};

struct Planned {
  const Tensor* tensor = nullptr;
  ggml_type type = GGML_TYPE_COUNT;
  How how = How::encode;
  const model::Grid* rounded_to = nullptr;
};

Error not_in_baseline(const std::string& baseline, const std::string& name, std::string found) {
  return {Kind::input,
          "ASSEMBLE-001",
          baseline,
          "tensor " + name,
          "the candidate's tensor in the same shape",
          std::move(found),
          "Baseline and candidate are not the same architecture."};
}

/// ggml_quantize_chunk aborts on a type it does not know; q8_1 and q8_K, which ggml cannot decode
/// either, hold activations.
bool encodable(ggml_type type) {
  const bool weights = ggml_is_quantized(type) && ggml_get_type_traits(type)->to_float;
  return (is_float(type) || weights) && !ggml_quantize_requires_imatrix(type);
}

Result<Planned> encoded(const Tensor& tensor, ggml_type type) {
  const bool fits = tensor.row_length() % ggml_blck_size(type) == 0;
  if (!fits || !encodable(type))
    return fail({Kind::input, "ASSEMBLE-002", "", "tensor " + tensor.name,
                 fits ? "a type that ggml encodes without an importance matrix"
                      : fmt::format("rows of a multiple of {} weights", ggml_blck_size(type)),
                 fits ? ggml_type_name(type) : fmt::format("{}", tensor.row_length()), ""});
  return Planned{&tensor, type};
}

Result<Planned> as_it_is(const Tensor& tensor) {
  const auto type = static_cast<ggml_type>(tensor.encoding.ggml_type);
  if (is_float(type) && type != GGML_TYPE_F32 && stays_f32(tensor))
    return Planned{&tensor, GGML_TYPE_F32};
  if (is_bf16_matrix(tensor)) {
    QUALM_TRY(const ggml_type decoded, float_type(tensor));
    return Planned{&tensor, decoded};
  }
  if (tensor.encoding.ggml_type >= 0 && !tensor.data->ggml_bytes().empty())
    return Planned{&tensor, type, How::copy};
  if (is_float(type)) return Planned{&tensor, type};  // lies in another order, but exact
  QUALM_TRY(const ggml_type decoded, float_type(tensor));
  return Planned{&tensor, decoded};
}

Result<Planned> decoded(const Tensor& tensor) {
  if (is_float(tensor.encoding.ggml_type)) return as_it_is(tensor);
  QUALM_TRY(const ggml_type type, float_type(tensor));
  return Planned{&tensor, type};
}

Result<Planned> plan(const Tensor& tensor, const Checkpoint* baseline, const Recipe& recipe) {
  const Rule* rule = rule_for(recipe, tensor.name);
  if (!rule || rule->action == Action::keep) return as_it_is(tensor);
  if (rule->action == Action::decode) return decoded(tensor);
  const Tensor* source = &tensor;
  if (rule->action != Action::encode) {
    if (!baseline) return fail(not_in_baseline("", tensor.name, "no baseline"));
    source = baseline->find(tensor.name);
    if (!source) return fail(not_in_baseline(baseline->path, tensor.name, "no such tensor"));
    if (source->dims != tensor.dims)
      return fail(not_in_baseline(baseline->path, tensor.name, "another shape"));
  }
  if (rule->action == Action::from_baseline) return as_it_is(*source);
  if (rule->action == Action::encode_like_candidate) {
    if (tensor.dims.size() >= 2 && tensor.encoding.grid) {
      QUALM_TRY(const ggml_type decoded, float_type(*source));
      return Planned{source, decoded, How::encode, &*tensor.encoding.grid};
    }
    if (tensor.dims.size() >= 2 && tensor.encoding.ggml_type < 0)
      return fail({Kind::input, "ASSEMBLE-002", "", "tensor " + tensor.name,
                   "a type of ggml, or a grid that plain rounding makes", tensor.encoding.name,
                   ""});
    const auto own = static_cast<ggml_type>(tensor.encoding.ggml_type);
    const auto instead = type_named(rule->type);
    if (tensor.dims.size() < 2) return as_it_is(*source);
    return encoded(*source, instead && ggml_quantize_requires_imatrix(own) ? *instead : own);
  }
  const auto type = type_named(rule->type);
  if (!type)
    return fail({Kind::input, "ASSEMBLE-002", "", "tensor " + tensor.name, "a type of ggml",
                 rule->type, ""});
  // What llama-quantize leaves alone: one-dimensional tensors.
  return tensor.dims.size() < 2 ? as_it_is(*source) : encoded(*source, *type);
}

Result<void> write_encoded(const Planned& planned, GgufWriter& writer) {
  std::vector<std::byte> bytes;
  const std::int64_t length = planned.tensor->row_length();
  std::optional<codec::PlainRounding> rounding;
  if (planned.rounded_to) {
    rounding.emplace(*planned.rounded_to, length);
    QUALM_CHECK(for_rows(*planned.tensor, [&](std::span<float> values, auto) -> Result<void> {
      rounding->see(values);
      return {};
    }));
  }
  return for_rows(
      *planned.tensor, [&](std::span<float> values, std::int64_t count) -> Result<void> {
        if (rounding) rounding->round(values);
        bytes.resize(ggml_row_size(planned.type, length) * static_cast<std::size_t>(count));
        if (planned.type == GGML_TYPE_F32) {
          return writer.data(std::as_bytes(values));
        }
        ggml_quantize_chunk(planned.type, values.data(), bytes.data(), 0, count, length, nullptr);
        return writer.data(bytes);
      });
}

/// A block of 32 weights: a scale of 16 bits, then steps of 8 bits. So Q5_0 begins as well.
struct Q8Block {
  ggml_fp16_t scale;
  std::array<std::int8_t, 32> steps;
};
static_assert(sizeof(Q8Block) == 34);

/// Exact: a step is a whole number from -16 to 15, and 11 bits of scale times 5 bits fit a float.
Result<void> write_widened(const Tensor& tensor, GgufWriter& writer) {
  const std::size_t stride = ggml_type_size(GGML_TYPE_Q5_0);
  const std::byte* from = tensor.data->ggml_bytes().data();
  std::vector<Q8Block> blocks;
  return for_rows(tensor, [&](std::span<const float> values, std::int64_t) -> Result<void> {
    blocks.resize(values.size() / 32);
    for (Q8Block& block : blocks) {
      std::memcpy(&block.scale, from, sizeof(block.scale));
      const float scale = ggml_fp16_to_fp32(block.scale);
      const float per_step = 1 / scale;
      const bool usable = std::isnormal(per_step);  // not of a scale that is 0, infinite or NaN
      for (std::size_t i = 0; i < block.steps.size(); ++i)
        block.steps[i] = static_cast<std::int8_t>(
            usable ? static_cast<int>(values[i] * per_step + 16.5F) - 16 : 0);
      values = values.subspan(block.steps.size());
      from += stride;
    }
    return writer.data(std::as_bytes(std::span(blocks)));
  });
}

Result<void> write(const Planned& planned, GgufWriter& writer) {
  if (planned.how == How::copy) return writer.data(planned.tensor->data->ggml_bytes());
  if (planned.how == How::widen) return write_widened(*planned.tensor, writer);
  return write_encoded(planned, writer);
}

/// The candidate with its tensors as `plan` says.
Result<Image> written(const Checkpoint& candidate, Progress& progress,
                      const std::function<Result<Planned>(const Tensor&)>& plan) {
  if (!candidate.lacks.empty())
    return fail({Kind::input, "ASSEMBLE-005", candidate.path, "", "a model that can be run",
                 fmt::format("one that lacks {}", fmt::join(candidate.lacks, "; ")),
                 "`qualm inspect` and `qualm compare` need less."});
  std::vector<Planned> all;
  for (const Tensor& tensor : candidate.tensors) {
    QUALM_TRY(auto planned, plan(tensor));
    all.push_back(planned);
  }
  QUALM_TRY(auto writer, GgufWriter::create(candidate.path));
  QUALM_CHECK(writer.metadata(candidate.metadata));
  for (std::size_t i = 0; i < all.size(); ++i)
    QUALM_CHECK(writer.declare(candidate.tensors[i].name, all[i].tensor->dims, all[i].type));
  QUALM_CHECK(writer.finish_header());
  for (std::size_t i = 0; i < all.size(); ++i) {
    progress.update("assembling the model", static_cast<std::int64_t>(i),
                    static_cast<std::int64_t>(all.size()));
    if (progress.cancelled())
      return fail(
          {Kind::cancelled, "ASSEMBLE-009", candidate.path, "", "", "stopped on request", ""});
    QUALM_CHECK(write(all[i], writer));
    QUALM_CHECK(writer.end_tensor());
  }
  return std::move(writer).take();
}

}  // namespace

bool is_slow_matrix(const model::Tensor& tensor) {
  return tensor.encoding.ggml_type == GGML_TYPE_Q5_0 && tensor.dims.size() >= 2 &&
         !tensor.data->ggml_bytes().empty();
}

bool is_bf16_matrix(const model::Tensor& tensor) {
  return tensor.encoding.ggml_type == GGML_TYPE_BF16 && tensor.dims.size() >= 2;
}

Result<Image> assemble(const Checkpoint& candidate, const Checkpoint* baseline,
                       const Recipe& recipe, Progress& progress) {
  return written(candidate, progress,
                 [&](const Tensor& tensor) { return plan(tensor, baseline, recipe); });
}

Result<Image> for_cpu(const Checkpoint& model, Progress& progress) {
  return written(model, progress, [](const Tensor& tensor) -> Result<Planned> {
    if (is_slow_matrix(tensor)) return Planned{&tensor, GGML_TYPE_Q8_0, How::widen};
    return as_it_is(tensor);
  });
}

}  // namespace qualm::assemble
