// How sure an inference has to be: the one place of the levels, and of the least data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace qualm::numeric {

/// Of intervals that are printed, and of all decisions of one verdict together.
inline constexpr double kConfidence = 0.95;

/// The level of each of `parts` intervals, if all together must hold with level `whole`
/// (Bonferroni).
[[nodiscard]] constexpr double shared_confidence(std::size_t parts, double whole = kConfidence) {
  return 1 - (1 - whole) / static_cast<double>(std::max<std::size_t>(1, parts));
}

/// The checks of a diagnosis share the error of its verdict: this is what each of them decides at.
inline constexpr std::size_t kChecksOfVerdict = 6;
inline constexpr double kCheckConfidence = shared_confidence(kChecksOfVerdict);

/// Clusters (windows of text) under which there is no interval and no decision.
/// tests/numeric/interval_simulation_slow.cpp: from here on the intervals hold what they promise
/// where windows are not skewed.
inline constexpr std::int64_t kFewestClusters = 8;
/// Clusters under which the range of their means stands beside the interval. With few, skewed
/// windows the mean is often too low.
inline constexpr std::int64_t kFewClusters = 16;

}  // namespace qualm::numeric
