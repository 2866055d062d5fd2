// Scores to metrics: each with its interval (docs/statistics.md), independent of the order of
// reading.
#pragma once

#include "evaluate/measurement.h"
#include "numeric/estimate.h"
#include "numeric/level.h"

namespace qualm::evaluate {

/// Fills metrics, buckets and counts from `windows` (which it sorts into text order). Where a
/// window has only its sums there are no percentiles and no buckets. Means and the
/// RMS have cluster-robust intervals over windows, percentiles a bootstrap over windows; the metric
/// by which reading stopped has the interval that it stopped by. No interval has fewer than
/// numeric::kFewestClusters windows.
void summarize(Measurement& measurement);

/// What was measured against a surrogate of the original (Measurement::truth_over_estimate) as an
/// estimate. summarize() does so too where that is set. Precondition: summarized, not set.
void make_estimate(Measurement& measurement, const numeric::Estimate& truth_over_estimate);

/// The interval by which a decision about the metric is made. Absent if a position was lost: the
/// other positions cannot show that the candidate is fine. The one that stopped the reading is at
/// the rule's level.
[[nodiscard]] std::optional<numeric::Estimate> deciding(const Measurement& measurement, MetricId id,
                                                        double confidence);

/// The smallest distance from a threshold that a text like this one shows in 4 of 5 cases.
[[nodiscard]] std::optional<double> smallest_detectable(const Measurement& measurement, MetricId id,
                                                        double confidence);

/// How many times as wide the interval of the mean kld is where neighbouring windows (blocks of the
/// cube root of their number) count as one. Precondition: all windows of the text were read. Absent
/// for fewer than kFewestClusters blocks.
[[nodiscard]] std::optional<double> widening_by_neighbours(const Measurement& measurement);

/// Paired difference mean(kld_a - factor * kld_b) over the windows both hold. Absent with fewer
/// than kFewestClusters, or with a lost position. Where kld_a alone is an estimate
/// (truth_over_estimate), the ends of the two intervals are compared.
[[nodiscard]] std::optional<numeric::Estimate> kld_difference(const Measurement& a, double factor,
                                                              const Measurement& b,
                                                              double confidence);

/// exp(mean(nll_a - nll_b)) - 1 over the windows both hold: a's perplexity over b's. Absent
/// likewise.
[[nodiscard]] std::optional<numeric::Estimate> ppl_ratio_change(const Measurement& a,
                                                                const Measurement& b,
                                                                double confidence);

/// One that could not be run: no metric is there, and each says why.
[[nodiscard]] Measurement unavailable(std::string why);

}  // namespace qualm::evaluate
