#include "numeric/shapley.h"

#include <gtest/gtest.h>

#include <array>

namespace qualm::numeric {
namespace {

TEST(Shapley, the_glove_game_has_its_textbook_values) {
  // Players 0 and 1 have a left glove, player 2 a right one; a pair is worth 1.
  std::array<double, 8> worth{};
  worth[0b101] = worth[0b110] = worth[0b111] = 1;
  const auto values = shapley_values(worth);
  EXPECT_NEAR(values[0], 1.0 / 6, 1e-15);
  EXPECT_NEAR(values[1], 1.0 / 6, 1e-15);
  EXPECT_NEAR(values[2], 4.0 / 6, 1e-15);
}

TEST(Shapley, values_sum_to_what_all_lose_together) {
  const std::array<double, 4> worth{0.25, 3, 7, 11};
  const auto values = shapley_values(worth);
  EXPECT_NEAR(values[0] + values[1], 10.75, 1e-15);
  EXPECT_NEAR(values[0], 0.5 * (2.75 + 4), 1e-15);
}

TEST(Shapley, a_factor_that_changes_nothing_gets_nothing) {
  const std::array<double, 4> worth{0, 5, 0, 5};
  EXPECT_EQ(shapley_values(worth)[1], 0);
}

}  // namespace
}  // namespace qualm::numeric
