#include "compare/rounding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "codec/ggml_steps.h"

namespace qualm::compare {
namespace {

constexpr std::int64_t kSample = std::int64_t{1} << 16;  // weights: enough for a per cent
constexpr std::int64_t kFewestRows = 32;
constexpr std::array<std::string_view, 4> kFloats{"F64", "F32", "F16", "BF16"};

// Their grids are even, but have three values: far weights are cut off, which no step tells.
constexpr std::array<std::string_view, 2> kCutOff{"TQ1_0", "TQ2_0"};

bool is_float(const model::Tensor& tensor) {
  return std::ranges::find(kFloats, tensor.encoding.name) != kFloats.end();
}

bool has_known_grid(const model::Tensor& tensor) {
  return std::ranges::find(kCutOff, tensor.encoding.name) == kCutOff.end();
}

/// The sums over one row; false where it cannot be read or holds what is no number.
bool add_row(const model::Tensor& tensor, std::int64_t row, std::vector<float>& values,
             std::vector<float>& steps, Rounding& sums) {
  if (!tensor.data->rows(row, 1, values)) return false;
  if (!is_float(tensor) && !codec::row_steps(tensor, row, 1, steps)) return false;
  double weights = 0;
  double error = 0;
  for (const float w : values) weights += double{w} * w;
  for (const float step : steps) error += double{step} * step / 12;
  if (!std::isfinite(weights) || !std::isfinite(error)) return false;
  sums.weights += weights;
  sums.error += error;
  return true;
}

}  // namespace

void Rounding::add(const Rounding& other) {
  error += other.error;
  weights += other.weights;
  gridded = gridded || other.gridded;
  if (unknown.empty()) unknown = other.unknown;
}

Figure Rounding::relative_error() const {
  if (!unknown.empty()) return std::unexpected(unknown);
  if (!gridded) return std::unexpected("stored as floats: not rounded to a grid");
  if (!(weights > 0)) return std::unexpected("all weights are zero");
  return std::sqrt(error / weights);
}

numeric::Metric Rounding::estimate() const {
  const Figure relative = relative_error();
  if (!relative) return {std::nullopt, "fraction", relative.error()};
  return {numeric::Estimate{*relative, *relative / kEstimateOverTrueHigh,
                            *relative / kEstimateOverTrueLow},
          "fraction", ""};
}

Rounding rounding_of(const model::Tensor& tensor) {
  Rounding sums;
  const std::int64_t length = tensor.row_length();
  const std::int64_t rows = tensor.row_count();
  if (length <= 0 || rows <= 0) return sums;
  sums.gridded = !is_float(tensor);
  const std::int64_t wanted = std::min(std::max(kSample / length, kFewestRows), rows);
  std::vector<float> values(static_cast<std::size_t>(length));
  std::vector<float> steps(sums.gridded ? values.size() : 0);
  for (std::int64_t i = 0; i < wanted; ++i) {
    // i * rows / wanted without the product, which a hostile shape could make overflow
    const std::int64_t row = i * (rows / wanted) + i * (rows % wanted) / wanted;
    if (tensor.data && has_known_grid(tensor) && add_row(tensor, row, values, steps, sums))
      continue;
    sums.unknown = fmt::format("{} has no uniform grid that is known here", tensor.encoding.name);
    return sums;
  }
  const double scale = static_cast<double>(rows) / static_cast<double>(wanted);
  sums.weights *= scale;
  sums.error *= scale;
  return sums;
}

std::map<model::TensorClass, Rounding> rounding_by_class(const model::Checkpoint& checkpoint,
                                                         const Progress& progress) {
  std::map<model::TensorClass, Rounding> classes;
  for (const model::Tensor& tensor : checkpoint.tensors) {
    if (progress.cancelled()) break;
    if (tensor.dims.size() >= 2) classes[model::tensor_class(tensor.name)].add(rounding_of(tensor));
  }
  return classes;
}

}  // namespace qualm::compare
