#include "base/parallel.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/platform.h"

namespace qualm {
namespace {

constexpr int kMostThreads = 256;
constexpr std::chrono::milliseconds kAskedEvery{5};  // whether to stop, while others still work

/// Progress of the lanes that may not talk to the caller's: it passes on the wish to stop.
class StopFlag final : public Progress {
 public:
  [[nodiscard]] bool cancelled() const override { return set.load(std::memory_order_relaxed); }
  std::atomic<bool> set = false;
};

/// The next block to take, and how the first block that failed did so. Blocks are taken in order,
/// so those before one that fails are all run.
class Queue {
 public:
  Queue(std::int64_t blocks, const BlockWork& work) : blocks_(blocks), work_(work) {}

  /// False: nothing left to do, or no use in going on.
  bool take_one(const Lane& lane) {
    if (stopped_) return false;  // looked at first: a block that was taken is run
    const std::int64_t block = next_.fetch_add(1);
    if (block >= blocks_) return false;
    Failure failure{block, std::nullopt, nullptr};
    try {
      auto done = work_(block, lane);
      if (done) return true;
      failure.error = std::move(done).error();
    } catch (...) {
      failure.thrown = std::current_exception();
    }
    stopped_ = true;
    const std::lock_guard lock(mutex_);
    if (!first_ || block < first_->block) first_ = std::move(failure);
    return false;
  }
  void stop() { stopped_ = true; }

  /// After all lanes have left: the first failure by block, if any.
  [[nodiscard]] Result<void> outcome() {
    if (!first_) return {};
    if (first_->thrown) std::rethrow_exception(first_->thrown);
    return fail(*std::move(first_->error));
  }

 private:
  struct Failure {
    std::int64_t block = 0;
    std::optional<Error> error;
    std::exception_ptr thrown;
  };

  std::int64_t blocks_;
  const BlockWork& work_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::optional<Failure> first_;
};

/// The lanes beside the caller's.
class Helpers {
 public:
  Helpers(Queue& queue, int count) : left_(count) {
    for (int lane = 1; lane <= count; ++lane)
      threads_.emplace_back([this, &queue, lane] {
        while (queue.take_one({lane, stop_})) {
        }
        const std::lock_guard lock(mutex_);
        --left_;
        done_.notify_one();
      });
  }
  void stop() { stop_.set = true; }

  /// True when all have left; waits a moment for that.
  [[nodiscard]] bool all_left() {
    std::unique_lock lock(mutex_);
    return done_.wait_for(lock, kAskedEvery, [&] { return left_ == 0; });
  }

 private:
  StopFlag stop_;
  std::mutex mutex_;
  std::condition_variable done_;
  int left_;
  std::vector<std::jthread> threads_;  // last: joined before what they use is gone
};

}  // namespace

int thread_count(int wanted) noexcept {
  return wanted > 0 ? std::min(wanted, kMostThreads) : available_cores();
}

Result<Ended> run_blocks(std::int64_t blocks, int lanes, Progress& progress,
                         const BlockWork& work) {
  Queue queue(blocks, work);
  bool cancelled = false;
  {
    const auto wanted = std::clamp<std::int64_t>(blocks, 1, std::max(lanes, 1));
    Helpers helpers(queue, static_cast<int>(wanted) - 1);
    const Lane own{0, progress};
    while (!cancelled && queue.take_one(own)) cancelled = progress.cancelled();
    bool all_left = false;
    while (!all_left) {
      cancelled = cancelled || progress.cancelled();
      if (cancelled) queue.stop(), helpers.stop();
      all_left = helpers.all_left();
    }
  }
  if (cancelled) return Ended::cancelled;
  QUALM_CHECK(queue.outcome());
  return Ended::all_done;
}

void run_blocks(std::int64_t blocks, int lanes,
                const std::function<void(std::int64_t block)>& work) {
  Progress never_stops;
  const auto cannot_fail = [&](std::int64_t block, const Lane&) -> Result<void> {
    work(block);
    return {};
  };
  [[maybe_unused]] const auto ended = run_blocks(blocks, lanes, never_stops, cannot_fail);
}

}  // namespace qualm
