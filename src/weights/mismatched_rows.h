// Detects what was changed in a matrix of the original, from sums over groups of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "weights/mismatched_tensors.h"
#include "weights/regression.h"

namespace qualm::weights {

/// Kind::scaled if `gain` is not between kShrunk and kGrown and `residual_share` is at most
/// kMostResidual; else absent. Rounding makes weights smaller by at most `residual_share`.
[[nodiscard]] std::optional<Mismatch> scaled(double gain, double residual_share);

/// The first rows that were overwritten, if a few rows have nearly all of the residual and the rest
/// is the original's: exchanged rows, a part of the file that was written over. Else absent.
/// Rounding, scales of whole tensors, tuning and merging do not cause this. Cluster i holds `count`
/// rows from firsts[i] on; there is one cluster at least.
[[nodiscard]] std::optional<Mismatch> overwritten_rows(std::span<const RegressionSums> clusters,
                                                       std::span<const std::int64_t> firsts,
                                                       std::int64_t count);

}  // namespace qualm::weights
