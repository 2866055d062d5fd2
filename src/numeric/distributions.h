// The few distribution functions the intervals need.
#pragma once

#include <cstdint>

#include "numeric/estimate.h"
#include "numeric/level.h"

namespace qualm::numeric {

/// Quantile of the standard normal, 0 < p < 1 (Acklam's rational approximation, one Halley step).
[[nodiscard]] double normal_quantile(double p);
/// Quantile of Student's t with df >= 1 degrees of freedom, 0 < p < 1.
[[nodiscard]] double student_quantile(double p, double df);
/// Wilson's score interval for k of n (Wilson 1927); n >= 1.
[[nodiscard]] Estimate wilson_interval(std::int64_t k, std::int64_t n,
                                       double confidence = kConfidence);
/// Difference of paired proportions (b - c) / n with Newcombe's interval (1998, method 10).
/// a: both yes, b: only first, c: only second, d: neither.
[[nodiscard]] Estimate newcombe_paired(std::int64_t a, std::int64_t b, std::int64_t c,
                                       std::int64_t d, double confidence = kConfidence);
/// Exact two-sided McNemar test (binomial with 1/2 on the discordant pairs b and c).
[[nodiscard]] double mcnemar_exact(std::int64_t b, std::int64_t c);

}  // namespace qualm::numeric
