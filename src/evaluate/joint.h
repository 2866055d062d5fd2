// What several variants cost on the same windows, and statistics of their totals.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/measurement.h"
#include "numeric/estimate.h"
#include "numeric/level.h"

namespace qualm::evaluate {

/// Costs summed per window, for windows that are in all measurements: sums[window][measurement].
struct Joint {
  std::vector<std::vector<double>> sums;
  [[nodiscard]] std::size_t windows() const noexcept { return sums.size(); }
};

/// What a position costs, in nat: the divergence, or what its token lost in likelihood.
using PositionCost = double (*)(const Score&);
[[nodiscard]] double kld_of(const Score& score) noexcept;
[[nodiscard]] double lost_likelihood(const Score& score) noexcept;

/// Positions where the original's logits are not finite cost nothing. If a position was lost, no
/// estimate has a value.
[[nodiscard]] Joint join(std::span<const Measurement* const> measured, PositionCost cost = kld_of);

/// What is computed of the totals over all windows, one for each measurement, in their order.
using OfTotals = std::function<double(std::span<const double> totals)>;

/// The value of `of(totals)` with a bootstrap interval over windows (numeric::bootstrap). Absent
/// with fewer than numeric::kFewestClusters windows, or where `of` is not finite.
[[nodiscard]] std::optional<numeric::Estimate> estimate(const Joint& joint, const OfTotals& of,
                                                        double confidence = numeric::kConfidence);

/// of(a) - of(b) for windows of two texts, drawn independently of each other.
[[nodiscard]] std::optional<numeric::Estimate> estimate_difference(
    const Joint& a, const Joint& b, const OfTotals& of, double confidence = numeric::kConfidence);

}  // namespace qualm::evaluate
