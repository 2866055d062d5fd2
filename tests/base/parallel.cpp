#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

namespace qualm {
namespace {

/// Cancelled from the n-th question on.
class StopsAfter final : public Progress {
 public:
  explicit StopsAfter(int questions) : left_(questions) {}
  [[nodiscard]] bool cancelled() const override {
    EXPECT_EQ(std::this_thread::get_id(), owner_) << "asked on another thread";
    return left_-- <= 0;
  }

 private:
  mutable int left_;
  std::thread::id owner_ = std::this_thread::get_id();
};

Result<void> failed(std::int64_t block) {
  return fail({Kind::input, std::to_string(block), "", "", "", "", ""});
}

TEST(Parallel, each_block_is_run_once) {
  Progress progress;
  std::vector<std::atomic<int>> runs(100);
  const auto ended =
      run_blocks(100, 4, progress, [&](std::int64_t block, const Lane& lane) -> Result<void> {
        EXPECT_GE(lane.index, 0);
        EXPECT_LT(lane.index, 4);
        ++runs[static_cast<std::size_t>(block)];
        return {};
      });
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, Ended::all_done);
  for (const auto& count : runs) EXPECT_EQ(count, 1);
}

TEST(Parallel, no_blocks_and_no_lanes_are_no_work) {
  Progress progress;
  const BlockWork never = [](std::int64_t block, const Lane&) { return failed(block); };
  EXPECT_TRUE(run_blocks(0, 4, progress, never));
  EXPECT_TRUE(run_blocks(0, 0, progress, never));
}

TEST(Parallel, of_several_errors_the_first_by_block_is_returned) {
  Progress progress;
  for (int attempt = 0; attempt < 50; ++attempt) {
    const auto ended =
        run_blocks(100, 4, progress, [](std::int64_t block, const Lane&) -> Result<void> {
          if (block >= 17) return failed(block);
          return {};
        });
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().code, "17");
  }
}

TEST(Parallel, what_a_block_throws_arrives_on_the_callers_thread) {
  Progress progress;
  EXPECT_THROW(static_cast<void>(run_blocks(100, 4, progress,
                                            [](std::int64_t block, const Lane&) -> Result<void> {
                                              if (block == 30) throw std::bad_alloc();
                                              return {};
                                            })),
               std::bad_alloc);
}

TEST(Parallel, a_stop_ends_the_run_before_all_is_done) {
  StopsAfter progress(3);
  std::atomic<int> runs = 0;
  const auto ended =
      run_blocks(1'000'000, 3, progress, [&](std::int64_t, const Lane&) -> Result<void> {
        ++runs;
        return {};
      });
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, Ended::cancelled);
  EXPECT_LT(runs, 1'000'000);
}

TEST(Parallel, a_stop_reaches_blocks_that_are_still_running_on_other_lanes) {
  StopsAfter progress(10);
  std::atomic<bool> other_runs = false;
  const auto ended =
      run_blocks(2, 2, progress, [&](std::int64_t, const Lane& lane) -> Result<void> {
        if (lane.index != 0) other_runs = true;
        while (!other_runs) std::this_thread::yield();
        while (lane.index != 0 && !lane.progress.cancelled()) std::this_thread::yield();
        return {};
      });
  ASSERT_TRUE(ended);
  EXPECT_EQ(*ended, Ended::cancelled);
}

TEST(Parallel, work_that_cannot_fail_needs_no_progress) {
  std::vector<int> squares(50);
  run_blocks(50, 3, [&](std::int64_t i) {
    squares[static_cast<std::size_t>(i)] = static_cast<int>(i * i);
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
}

TEST(Parallel, a_request_for_no_number_of_threads_is_for_all_cores) {
  EXPECT_GE(thread_count(0), 1);
  EXPECT_EQ(thread_count(3), 3);
  EXPECT_EQ(thread_count(100'000), 256);
}

}  // namespace
}  // namespace qualm
