#include "weights/surrogate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/anatomy.h"
#include "numeric/random.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

using model::EncodingFamily;

/// The rounding error of a type of llama-quantize, RMS.
struct RoundingError {
  std::string_view type;
  double plain = 0;            ///< times step / sqrt(12); without steps: times the block's RMS
  double with_importance = 0;  ///< the same, of files made with an importance matrix
};

/// Of Gaussian weights in rows of 4096, quantized by libggml; Laplacian ones differ by 3 % at most
/// where there are steps, by 15 % where there are none (tests/weights/surrogate_engine.cpp).
constexpr std::array kErrors{
    RoundingError{"Q4_0", 0.99, 0.94},      RoundingError{"Q4_1", 0.967, 0.865},
    RoundingError{"Q5_0", 0.988, 0.93},     RoundingError{"Q5_1", 0.968, 0.86},
    RoundingError{"Q8_0", 0.985, 0.985},    RoundingError{"Q2_K", 0.90, 0.86},
    RoundingError{"Q3_K", 0.955, 0.92},     RoundingError{"Q4_K", 0.882, 0.878},
    RoundingError{"Q5_K", 0.928, 0.905},    RoundingError{"Q6_K", 0.918, 0.90},
    RoundingError{"IQ4_NL", 0.877, 0.867},  RoundingError{"IQ4_XS", 0.884, 0.875},
    RoundingError{"MXFP4", 0.95, 0.95},     RoundingError{"IQ3_S", 0.16, 0.133},
    RoundingError{"IQ3_XXS", 0.205, 0.178}, RoundingError{"IQ2_S", 0.25, 0.24},
    RoundingError{"IQ2_XS", 0.287, 0.287},  RoundingError{"IQ2_XXS", 0.331, 0.331},
    RoundingError{"IQ1_M", 0.48, 0.425},    RoundingError{"IQ1_S", 0.45, 0.45},
};
/// Weights in a row that the RMS is taken over, where a type has no steps.
constexpr std::int64_t kBlock = 32;
/// A grid of a package: plain rounding between its extremes.
constexpr double kOfGrid = 1.0;
/// A book of values (NF4, FP4, FP8), whose steps are the gaps to the farther neighbour.
constexpr double kOfBook = 0.9;

bool is_quantized_matrix(const model::Tensor& tensor) {
  return tensor.dims.size() >= 2 && !tensor.encoding.is_float() &&
         tensor.encoding.type->family != EncodingFamily::integers;
}

bool may_be_calibrated(const model::Checkpoint& candidate) {
  return std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
    return is_quantized_matrix(tensor) && tensor.encoding.type->may_read_text;
  });
}

bool is_book(EncodingFamily family) {
  return family == EncodingFamily::fp8 || family == EncodingFamily::fp4 ||
         family == EncodingFamily::bitsandbytes;
}

/// The size of the noise of one tensor.
struct Noise {
  std::shared_ptr<const model::TensorData> steps;  ///< null: relative to the block's RMS
  double factor = 0;
};

std::optional<Noise> noise_of(const model::Tensor& tensor, double RoundingError::*how) {
  const model::EncodingType& type = *tensor.encoding.type;
  auto steps = tensor.data ? tensor.data->steps() : nullptr;
  constexpr double kOfStep = 0.28867513459481287;  // 1 / sqrt(12)
  const auto* const known = std::ranges::find(kErrors, type.name, &RoundingError::type);
  if (known != kErrors.end() && tensor.encoding.ggml_type >= 0) {
    const double factor = (*known).*how;
    return Noise{steps, steps ? factor * kOfStep : factor};
  }
  if (!steps) return std::nullopt;
  return Noise{std::move(steps), (is_book(type.family) ? kOfBook : kOfGrid) * kOfStep};
}

/// Of mean 0 and variance 1: the sum of four uniform numbers (Irwin 1927, Hall 1927). It is nearly
/// normal, and bounded, as the error of a rounding is.
float bounded_normal(std::uint64_t bits) {
  constexpr float kMean = 4 * 65535 / 2.0F;
  constexpr float kToUnit = 1.7320508F / 65536;  // sqrt(3): the variance of the sum is 1/3
  const std::uint64_t sum =
      (bits & 0xffffU) + ((bits >> 16U) & 0xffffU) + ((bits >> 32U) & 0xffffU) + (bits >> 48U);
  return (static_cast<float>(sum) - kMean) * kToUnit;
}

std::uint64_t seed_of(std::string_view tensor, std::uint64_t draw) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ draw;  // FNV-1a
  for (const char c : tensor) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

class NoisyRows final : public model::TensorData {
 public:
  NoisyRows(const model::Tensor& tensor, Noise noise, std::uint64_t draw)
      : values_(tensor.data),
        noise_(std::move(noise)),
        length_(tensor.row_length()),
        seed_(seed_of(tensor.name, draw)) {}

  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    QUALM_CHECK(values_->rows(first, count, out));
    std::vector<float> sizes(out.size());
    if (noise_.steps) {
      QUALM_CHECK(noise_.steps->rows(first, count, sizes));
    } else {
      rms_of_blocks(out, sizes);
    }
    const auto factor = static_cast<float>(noise_.factor);
    for (std::int64_t row = 0; row < count; ++row) {
      numeric::Random random(seed_ ^
                             (0xd1342543de82ef95U * static_cast<std::uint64_t>(first + row + 1)));
      const auto begin = static_cast<std::size_t>(row * length_);
      for (std::size_t i = begin; i < begin + static_cast<std::size_t>(length_); ++i)
        out[i] += factor * sizes[i] * bounded_normal(random.next());
    }
    return {};
  }

 private:
  void rms_of_blocks(std::span<const float> values, std::vector<float>& sizes) const {
    const auto length = static_cast<std::size_t>(length_);
    for (std::size_t row = 0; row < values.size(); row += length)
      for (std::size_t at = 0; at < length; at += kBlock) {
        const std::size_t count = std::min<std::size_t>(kBlock, length - at);
        double squares = 0;
        for (const float v : values.subspan(row + at, count)) squares += double{v} * v;
        std::fill_n(sizes.begin() + static_cast<std::ptrdiff_t>(row + at), count,
                    static_cast<float>(std::sqrt(squares / static_cast<double>(count))));
      }
  }

  std::shared_ptr<const model::TensorData> values_;
  Noise noise_;
  std::int64_t length_;
  std::uint64_t seed_;
};

}  // namespace

bool made_with_importance(const model::Checkpoint& candidate) {
  return model::names_importance(candidate.metadata) ||
         std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
           return tensor.encoding.type->needs_importance;
         });
}

std::string no_surrogate(const model::Checkpoint& candidate) {
  bool any = false;
  for (const model::Tensor& tensor : candidate.tensors) {
    if (!is_quantized_matrix(tensor)) continue;
    any = true;
    if (!noise_of(tensor, &RoundingError::plain))
      return fmt::format("the rounding error of {} is not known here", tensor.encoding.name);
  }
  return any ? "" : "its weights are floats: nothing was rounded";
}

numeric::Estimate truth_over_estimate(const model::Checkpoint& candidate) {
  if (may_be_calibrated(candidate)) return kTruthOverEstimateCalibrated;
  return made_with_importance(candidate) ? kTruthOverEstimateImportance : kTruthOverEstimate;
}

std::string not_in_trials(const model::Checkpoint& candidate) {
  for (const model::Tensor& tensor : candidate.tensors)
    if (is_quantized_matrix(tensor) && tensor.encoding.ggml_type < 0) return tensor.encoding.name;
  if (candidate.arch_integer("expert_count").value_or(0) > 0)
    return "mixtures of experts that were trained so";
  return "";
}

std::int32_t stride_of_estimate(const model::Checkpoint& candidate) {
  constexpr std::int32_t kFew = 4;
  const model::Tensor* head = candidate.find("output.weight");
  if (!head) head = candidate.find("token_embd.weight");  // tied
  return head && head->parameters() > model::anatomy(candidate).matrices.parameters ? kFew : 1;
}

model::Checkpoint surrogate_of(const model::Checkpoint& candidate, std::uint64_t draw) {
  const auto how =
      made_with_importance(candidate) ? &RoundingError::with_importance : &RoundingError::plain;
  model::Checkpoint surrogate = candidate;
  surrogate.format = "surrogate";
  const model::Encoding half("F16", model::ggml_encoding("F16")->ggml_type);
  for (model::Tensor& tensor : surrogate.tensors) {
    if (!is_quantized_matrix(tensor)) continue;
    tensor.data = std::make_shared<NoisyRows>(tensor, *noise_of(tensor, how), draw);
    tensor.encoding = half;
    tensor.bytes = 2 * tensor.parameters();
  }
  return surrogate;
}

}  // namespace qualm::weights
