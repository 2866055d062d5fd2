#include "weights/blocks.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <vector>

namespace qualm::weights {
namespace {

/// The next block to take, and the first error by block: blocks are taken in order, so those before
/// one that fails are all run.
class Queue {
 public:
  Queue(std::int64_t blocks, const std::function<Result<void>(std::int64_t, int)>& work)
      : blocks_(blocks), work_(work) {}

  /// False: nothing left to do, or no use in going on.
  bool take_one(int lane) {
    if (stopped_) return false;  // looked at first: a block that was taken is run
    const std::int64_t block = next_.fetch_add(1);
    if (block >= blocks_) return false;
    auto done = run(block, lane);
    if (done) return true;
    stopped_ = true;
    const std::lock_guard lock(mutex_);
    if (!error_ || block < error_block_) error_ = std::move(done).error(), error_block_ = block;
    return false;
  }
  void stop() { stopped_ = true; }
  [[nodiscard]] std::optional<Error>& error() noexcept { return error_; }

 private:
  Result<void> run(std::int64_t block, int lane) {
    try {
      return work_(block, lane);
    } catch (const std::bad_alloc&) {
      return fail({Kind::input, "COMPARE-002", "", "", "memory for a few rows of a tensor",
                   "none left", "Close other programs, or give fewer threads (-t)."});
    }
  }

  std::int64_t blocks_;
  const std::function<Result<void>(std::int64_t, int)>& work_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::optional<Error> error_;
  std::int64_t error_block_ = 0;
};

}  // namespace

std::int64_t rows_per_block(std::int64_t row_length) noexcept {
  return std::max<std::int64_t>(1, kBlockWeights / std::max<std::int64_t>(1, row_length));
}

int lanes(int wanted) noexcept {
  return wanted > 0 ? std::min(wanted, 256)
                    : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<void> for_each_block(std::int64_t blocks, int lanes, Progress& progress,
                            const std::function<Result<void>(std::int64_t block, int lane)>& work) {
  Queue queue(blocks, work);
  bool cancelled = false;
  {
    std::vector<std::jthread> helpers;
    const auto wanted = static_cast<int>(std::min<std::int64_t>(lanes, blocks));
    for (int lane = 1; lane < wanted; ++lane)
      helpers.emplace_back([&queue, lane] {
        while (queue.take_one(lane)) {
        }
      });
    while (!cancelled && queue.take_one(0)) cancelled = progress.cancelled();
    cancelled = cancelled || progress.cancelled();
    if (cancelled) queue.stop();
  }
  if (cancelled)
    return fail({Kind::cancelled, "COMPARE-001", "", "comparison", "", "stopped on request", ""});
  if (queue.error()) return fail(*std::move(queue.error()));
  return {};
}

}  // namespace qualm::weights
