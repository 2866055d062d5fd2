// Estimates the rounding error of a file without the original weights.
//
// A weight that fell anywhere between two values of its grid with equal chance is off by
// step^2 / 12 in the mean square (Widrow and Kollar, Quantization noise, 2008). The steps stand in
// the file, so the error of a uniform grid can be estimated from the file alone. A quantizer does
// better or worse than that by what it searches for: see kEstimateOverTrueLow and
// kEstimateOverTrueHigh.
//
// An estimate, not a measurement: it knows nothing of weights that were wrong before they were
// rounded, and nothing of what an error does to an answer.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/progress.h"
#include "model/checkpoint.h"
#include "model/tensor_class.h"
#include "numeric/estimate.h"
#include "weights/error_sums.h"
#include "weights/thresholds.h"

namespace qualm::weights {

/// Of disjoint sets of weights; they add up.
struct QuantizationError {
  double error = 0;    ///< sum of step^2 / 12 over the weights on a grid
  double weights = 0;  ///< sum of w^2, floats included
  bool gridded = false;
  std::string unknown;  ///< why the sums lack some weights: "IQ3_S has no uniform grid"

  void add(const QuantizationError& other);
  /// sqrt(error / weights). Absent where some weights are unknown or all of them floats.
  [[nodiscard]] Figure relative_error() const;
  /// The same, with the range for the true error: estimate / 1.25 to estimate / 0.9. Absent
  /// likewise.
  [[nodiscard]] numeric::Metric estimate() const;
};

/// Read on `sample` weights of the tensor, in whole rows (one at least) spread evenly over it.
[[nodiscard]] QuantizationError quantization_error_of(const model::Tensor& tensor,
                                                      std::int64_t sample = std::int64_t{1} << 20);

/// Matrices alone, by class, on a million weights of each class. Stops early, with what it has,
/// where `progress` says so.
[[nodiscard]] std::map<model::TensorClass, QuantizationError> quantization_error_by_class(
    const model::Checkpoint& checkpoint, const Progress& progress);

}  // namespace qualm::weights
