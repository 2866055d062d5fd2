// Scores to metrics: each with its interval (docs/statistics.md), independent of the order of
// reading.
#pragma once

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

/// Fills metrics, buckets and counts from `windows` (which it sorts into text order). Means and the
/// RMS have cluster-robust intervals over windows, percentiles a bootstrap over windows.
void summarize(Measurement& measurement);

/// Paired difference mean(kld_a - factor * kld_b) over the windows both hold; absent with fewer
/// than 2.
[[nodiscard]] std::optional<numeric::Estimate> kld_difference(const Measurement& a, double factor,
                                                              const Measurement& b);

/// exp(mean(nll_a - nll_b)) - 1 over the windows both hold: a's perplexity over b's.
[[nodiscard]] std::optional<numeric::Estimate> ppl_ratio_change(const Measurement& a,
                                                                const Measurement& b);

}  // namespace qualm::evaluate
