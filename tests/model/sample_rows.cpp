#include "model/sample_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace qualm::model {
namespace {

using ::testing::ElementsAre;

TEST(SampleRows, are_spread_evenly_from_the_first_on) {
  EXPECT_THAT(sample_rows(12, 4), ElementsAre(0, 3, 6, 9));
  EXPECT_THAT(sample_rows(10, 4), ElementsAre(0, 2, 5, 7));
  EXPECT_THAT(sample_rows(7, 1), ElementsAre(0));
}

TEST(SampleRows, are_all_rows_where_there_are_few) {
  EXPECT_THAT(sample_rows(3, 4), ElementsAre(0, 1, 2));
  EXPECT_THAT(sample_rows(4, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_TRUE(sample_rows(0, 4).empty());
}

TEST(SampleRows, do_not_overflow_for_the_largest_shape) {
  constexpr std::int64_t kRows = std::numeric_limits<std::int64_t>::max();
  const auto sample = sample_rows(kRows, 1000);
  ASSERT_EQ(sample.size(), 1000U);
  for (std::size_t i = 1; i < sample.size(); ++i) EXPECT_LT(sample[i - 1], sample[i]);
  EXPECT_LT(sample.back(), kRows);
  EXPECT_GT(sample.back(), kRows - kRows / 999);
}

}  // namespace
}  // namespace qualm::model
