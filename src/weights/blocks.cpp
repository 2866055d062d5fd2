#include "weights/blocks.h"

#include <new>

#include "base/parallel.h"

namespace qualm::weights {

std::int64_t rows_per_block(std::int64_t row_length) noexcept {
  return std::max<std::int64_t>(1, kBlockWeights / std::max<std::int64_t>(1, row_length));
}

Result<void> for_each_block(std::int64_t blocks, int lanes, Progress& progress,
                            const std::function<Result<void>(std::int64_t block, int lane)>& work) {
  try {
    QUALM_TRY(const Ended ended,
              run_blocks(blocks, lanes, progress, [&](std::int64_t block, const Lane& lane) {
                return work(block, lane.index);
              }));
    if (ended == Ended::all_done) return {};
  } catch (const std::bad_alloc&) {
    return fail({Kind::input, "COMPARE-002", "", "", "memory for a few rows of a tensor",
                 "none left", "Close other programs, or give fewer threads (-t)."});
  }
  return fail({Kind::cancelled, "COMPARE-001", "", "comparison", "", "stopped on request", ""});
}

}  // namespace qualm::weights
