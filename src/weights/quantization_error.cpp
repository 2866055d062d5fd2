#include "weights/quantization_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "model/sample_rows.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kClassSample = std::int64_t{1} << 20;  // weights
/// The steps of an even grid, null where it has none.
std::shared_ptr<const model::TensorData> even_steps(const model::Tensor& tensor) {
  return tensor.encoding.type->even_grid && tensor.data ? tensor.data->steps() : nullptr;
}

/// The sums over one row; false where it cannot be read or holds what is no number. `grid` may be
/// null: floats.
bool add_row(const model::Tensor& tensor, const model::TensorData* grid, std::int64_t row,
             std::vector<float>& values, std::vector<float>& steps, QuantizationError& sums) {
  if (!tensor.data->rows(row, 1, values)) return false;
  if (grid && !grid->rows(row, 1, steps)) return false;
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

void QuantizationError::add(const QuantizationError& other) {
  error += other.error;
  weights += other.weights;
  gridded = gridded || other.gridded;
  if (unknown.empty()) unknown = other.unknown;
}

Figure QuantizationError::relative_error() const {
  if (!unknown.empty()) return std::unexpected(unknown);
  if (!gridded) return std::unexpected("stored as floats: not rounded to a grid");
  if (!(weights > 0)) return std::unexpected("all weights are zero");
  return std::sqrt(error / weights);
}

numeric::Metric QuantizationError::estimate() const {
  const Figure relative = relative_error();
  if (!relative) return {std::nullopt, "fraction", relative.error()};
  return {numeric::Estimate{*relative, *relative / kEstimateOverTrueHigh,
                            *relative / kEstimateOverTrueLow},
          "fraction", ""};
}

QuantizationError quantization_error_of(const model::Tensor& tensor, std::int64_t sample) {
  QuantizationError sums;
  const std::int64_t length = tensor.row_length();
  const std::int64_t rows = tensor.row_count();
  if (length <= 0 || rows <= 0) return sums;
  sums.gridded = !tensor.encoding.is_float();
  const auto grid = sums.gridded ? even_steps(tensor) : nullptr;
  const auto sampled = model::sample_rows(rows, std::max<std::int64_t>(sample / length, 1));
  std::vector<float> values(static_cast<std::size_t>(length));
  std::vector<float> steps(sums.gridded ? values.size() : 0);
  for (const std::int64_t row : sampled) {
    if (tensor.data && (grid || !sums.gridded) &&
        add_row(tensor, grid.get(), row, values, steps, sums))
      continue;
    sums.unknown = fmt::format("{} has no uniform grid that is known here", tensor.encoding.name);
    return sums;
  }
  const double scale = static_cast<double>(rows) / static_cast<double>(sampled.size());
  sums.weights *= scale;
  sums.error *= scale;
  return sums;
}

std::map<model::TensorClass, QuantizationError> quantization_error_by_class(
    const model::Checkpoint& checkpoint, const Progress& progress) {
  std::map<model::TensorClass, std::vector<const model::Tensor*>> members;
  for (const model::Tensor& tensor : checkpoint.tensors)
    if (tensor.dims.size() >= 2) members[model::tensor_class(tensor.name)].push_back(&tensor);
  std::map<model::TensorClass, QuantizationError> classes;
  for (const auto& [name, tensors] : members) {
    QuantizationError& sums = classes[name];
    if (std::ranges::all_of(tensors,
                            [](const auto* tensor) { return tensor->encoding.is_float(); }))
      continue;  // known without a look
    const auto sample = kClassSample / static_cast<std::int64_t>(tensors.size());
    for (const model::Tensor* tensor : tensors) {
      if (progress.cancelled()) return classes;
      if (sums.unknown.empty()) sums.add(quantization_error_of(*tensor, sample));
    }
  }
  return classes;
}

}  // namespace qualm::weights
