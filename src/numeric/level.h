// How sure an inference has to be: the levels, and the least data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace qualm::numeric {

/// Level of printed intervals, and of all decisions of one diagnosis together (its checks share the
/// error: diagnose/checks.h).
inline constexpr double kConfidence = 0.95;

/// The level of each of `parts` intervals, if all together must hold with level `whole`
/// (Bonferroni).
[[nodiscard]] constexpr double shared_confidence(std::size_t parts, double whole = kConfidence) {
  return 1 - (1 - whole) / static_cast<double>(std::max<std::size_t>(1, parts));
}

/// With fewer clusters (windows of text) there is no interval and no decision. Exception: the noise
/// floor (evaluate/noise_floor.h).
/// tests/numeric/interval_simulation_slow.cpp: from here on the intervals hold what they promise
/// where windows are not skewed.
inline constexpr std::int64_t kFewestClusters = 8;
/// With fewer clusters the range of their means stands beside the interval. With few, skewed
/// windows the mean is often too low.
inline constexpr std::int64_t kFewClusters = 16;

}  // namespace qualm::numeric
