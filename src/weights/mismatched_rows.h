// What was done to a matrix that is still the baseline's: told from the sums of its clusters of
// rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "weights/regression.h"

namespace qualm::weights {

/// The whole matrix times a number: "it is the baseline's times 1.5"; empty where it is not.
/// Rounding shrinks by what it leaves unexplained (`residual_share`) and no more.
[[nodiscard]] std::string scaled(double gain, double residual_share);

/// Where a few rows hold what is unexplained and the rest is the baseline's: exchanged rows, a part
/// of the file that was written over. Empty where there are none. Rounding, scales of whole
/// tensors, tuning and merging leave no such thing. Cluster i holds `count` rows from firsts[i]
/// on; there is one cluster at least.
[[nodiscard]] std::string odd_rows(std::span<const RegressionSums> clusters,
                                   std::span<const std::int64_t> firsts, std::int64_t count);

}  // namespace qualm::weights
