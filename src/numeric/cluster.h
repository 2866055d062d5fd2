// Means over tokens whose errors are correlated within a window of text.
#pragma once

#include <cstdint>
#include <span>

#include "numeric/estimate.h"
#include "numeric/level.h"

namespace qualm::numeric {

/// Sum of a per-token quantity over one window, and how many tokens it is over.
struct ClusterSum {
  double sum = 0;
  double count = 0;
};

/// sum(sums) / sum(counts), with the cluster-robust standard error of that ratio
///   SE^2 = G/(G-1) * sum_g (sum_g - mean * count_g)^2 / (sum_g count_g)^2
/// (Liang and Zeger 1986 for an intercept-only model; Cochran 1977, 6.3, ratio estimator) and
/// Student's t with G - 1 degrees of freedom. Absent for fewer than 2 clusters with count > 0.
[[nodiscard]] std::optional<Estimate> cluster_mean(std::span<const ClusterSum> clusters,
                                                   double confidence = kConfidence);

/// The standard error used above; absent under the same condition.
[[nodiscard]] std::optional<double> cluster_standard_error(std::span<const ClusterSum> clusters);

}  // namespace qualm::numeric
