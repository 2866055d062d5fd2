#include <gtest/gtest.h>

#include <vector>

#include "codec/verify.h"
#include "support/plain_checkpoint.h"

namespace qualm::codec {
namespace {

TensorHealth health_with_zeros(std::int64_t rows, std::int64_t length, std::int64_t first,
                               std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(rows * length));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0F + static_cast<float>(i % 7);
  std::fill_n(values.begin() + first, count, 0.0F);
  Progress progress;
  return *verify(test::plain_tensor("t", length, std::move(values)), progress);
}

TEST(ZeroRuns, a_hole_inside_a_row_is_found) {
  const auto health = health_with_zeros(3, 4096, 5000, 512);
  ASSERT_EQ(health.zero_runs.size(), 1U);
  EXPECT_EQ(health.zero_runs[0].first, 5000);
  EXPECT_EQ(health.zero_runs[0].count, 512);
  EXPECT_EQ(health.zero.count, 0);
}

TEST(ZeroRuns, wherever_the_shortest_run_lies_it_is_found) {
  for (std::int64_t first = 0; first <= 1024 - kZeroRun; ++first) {
    const auto health = health_with_zeros(2, 512, first, kZeroRun);
    ASSERT_EQ(health.zero_runs.size(), 1U) << first;
    EXPECT_EQ(health.zero_runs[0].first, first);
    EXPECT_EQ(health.zero_runs[0].count, kZeroRun);
  }
}

TEST(ZeroRuns, fewer_than_a_block_are_none) {
  for (std::int64_t first = 0; first < 512; first += 13)
    EXPECT_TRUE(health_with_zeros(2, 512, first, kZeroRun - 1).zero_runs.empty());
}

TEST(ZeroRuns, one_goes_on_from_row_to_row) {
  const auto health = health_with_zeros(8, 128, 64, 600);
  ASSERT_EQ(health.zero_runs.size(), 1U);
  EXPECT_EQ(health.zero_runs[0].count, 600);
  EXPECT_EQ(health.zero.count, 4);
}

TEST(ZeroRuns, one_goes_on_over_what_is_read_at_once) {
  const std::int64_t length = 1 << 19;
  const auto health = health_with_zeros(6, length, 2 * length - 100, 300);
  ASSERT_EQ(health.zero_runs.size(), 1U);
  EXPECT_EQ(health.zero_runs[0].first, 2 * length - 100);
  EXPECT_EQ(health.zero_runs[0].count, 300);
}

}  // namespace
}  // namespace qualm::codec
