// The klds of several variants on the same windows, and statistics of their totals.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

/// kld summed over each window that all of the measurements hold: kld[window][measurement].
struct JointKld {
  std::vector<std::vector<double>> kld;
  [[nodiscard]] std::size_t windows() const noexcept { return kld.size(); }
};
[[nodiscard]] JointKld join(std::span<const evaluate::Measurement* const> measured);

/// What is computed of the totals over all windows, one for each measurement, in their order.
using Statistic = std::function<double(std::span<const double> totals)>;

/// `of` the totals with its window-bootstrap interval (numeric::bootstrap). Absent with fewer than
/// 2 windows, or where `of` is not finite.
[[nodiscard]] std::optional<numeric::Estimate> estimate(const JointKld& joint, const Statistic& of,
                                                        double confidence = 0.95);

/// of(a) - of(b) for windows of two texts, drawn independently of each other.
[[nodiscard]] std::optional<numeric::Estimate> estimate_difference(const JointKld& a,
                                                                   const JointKld& b,
                                                                   const Statistic& of,
                                                                   double confidence = 0.95);

/// The confidence of each of `count` intervals that hold together with 95 % (Bonferroni).
[[nodiscard]] double confidence_for(std::size_t count) noexcept;

}  // namespace qualm::diagnose
