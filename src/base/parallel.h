// Many blocks of work, a few threads, one answer: the one pool of threads of this library.
//
// Which thread runs which block depends on luck; what a block gives must not. A caller keeps the
// result of each block and merges them in block order, so that the number of threads never shows
// in a figure.
#pragma once

#include <cstdint>
#include <functional>

#include "base/error.h"
#include "base/progress.h"

namespace qualm {

/// Threads for a request of `wanted`: at most 256; 0 or less: all cores this process may use.
[[nodiscard]] int thread_count(int wanted) noexcept;

/// One thread of a run. It runs one block at a time, so scratch memory by `index` needs no lock.
struct Lane {
  int index = 0;       ///< 0: the caller's own thread
  Progress& progress;  ///< the caller's on lane 0; on the others one that only tells of a stop
};

using BlockWork = std::function<Result<void>(std::int64_t block, const Lane& lane)>;

enum class Ended {
  all_done,
  cancelled,  ///< progress.cancelled() was true; some blocks were not run
};

/// work(block, lane) once for each block in [0, blocks), in any order, on `lanes` threads of which
/// the caller's is one. `progress` is used on the caller's thread alone. Error: of the blocks that
/// failed the first one's; those before it were all run. What `work` throws is thrown here.
[[nodiscard]] Result<Ended> run_blocks(std::int64_t blocks, int lanes, Progress& progress,
                                       const BlockWork& work);

/// The same for short work that can neither fail nor be stopped.
void run_blocks(std::int64_t blocks, int lanes,
                const std::function<void(std::int64_t block)>& work);

}  // namespace qualm
