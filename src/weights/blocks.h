// Blocks of rows of a tensor, run by the pool of base/parallel.h with this folder's errors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/progress.h"

namespace qualm::weights {

/// Weights decoded at once: 128 kB of floats, which stay in a core's second cache.
inline constexpr std::int64_t kBlockWeights = std::int64_t{1} << 15;
/// Longer rows are not read: they would need memory that no known model needs.
inline constexpr std::int64_t kLongestRow = std::int64_t{1} << 24;

/// Rows of one block for rows of this length: 1 at least.
[[nodiscard]] std::int64_t rows_per_block(std::int64_t row_length) noexcept;

/// run_blocks of base/parallel.h. Errors: the first one by block; COMPARE-001 (cancelled) after
/// Ctrl-C, COMPARE-002 where memory runs out.
[[nodiscard]] Result<void> for_each_block(
    std::int64_t blocks, int lanes, Progress& progress,
    const std::function<Result<void>(std::int64_t block, int lane)>& work);

/// The first `size` floats of a buffer that only ever grows.
[[nodiscard]] inline std::span<float> sized(std::vector<float>& buffer, std::int64_t size) {
  buffer.resize(std::max(buffer.size(), static_cast<std::size_t>(size)));
  return std::span(buffer).first(static_cast<std::size_t>(size));
}

}  // namespace qualm::weights
