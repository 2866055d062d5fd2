#include "evaluate/noise_floor.h"

#include <gtest/gtest.h>

#include "evaluate/summary.h"

namespace qualm::evaluate {
namespace {

using numeric::Estimate;

/// Windows of 100 positions, `flips` of which have another most likely token.
Measurement flat(int windows, float kld, int flips = 0) {
  Measurement m;
  for (std::int32_t w = 0; w < windows; ++w) {
    const float here = kld * (w % 2 == 0 ? 0.9F : 1.1F);
    m.windows.push_back({w, {}});
    for (std::int32_t i = 0; i < 100; ++i)
      m.windows.back().scores.push_back({.kld = here, .position = i, .same_top = i >= flips});
  }
  summarize(m);
  return m;
}

NoiseFloor floor(double original, double candidate) {
  NoiseFloor floor;
  floor.original.estimate = Estimate{original, 0, original};
  floor.candidate.estimate = Estimate{candidate, 0, candidate};
  return floor;
}

// t(3) at 0.975 is 3.1824; the standard error of {0.9, 1.1, 0.9, 1.1} is 0.057735.
TEST(NoiseFloor, has_its_own_interval_from_4_windows_on) {
  const auto side = floor_of(flat(4, 1));
  ASSERT_TRUE(side.estimate);
  EXPECT_NEAR(side.estimate->value, 1, 1e-6);
  EXPECT_NEAR(side.estimate->high, 1 + 3.1824 * 0.057735, 1e-4);
  EXPECT_EQ(floor_of(flat(3, 1)).absent, "it needs 4 windows");
  Measurement unavailable;
  unavailable.unavailable = "no memory";
  EXPECT_EQ(floor_of(unavailable).absent, "no memory");
}

TEST(NoiseFloor, its_upper_limit_is_the_larger_of_both_sides) {
  EXPECT_EQ(floor(2e-6, 0.0034).upper(), 0.0034);
  EXPECT_EQ(floor(0.01, 0.0034).upper(), 0.01);
  NoiseFloor one = floor(2e-6, 0.0034);
  one.candidate.estimate = std::nullopt;
  EXPECT_EQ(one.upper(), 2e-6);
  EXPECT_FALSE(NoiseFloor().upper());
}

TEST(NoiseFloor, under_twice_its_upper_limit_models_are_indistinguishable) {
  const Measurement small = flat(16, 0.001F);
  EXPECT_TRUE(indistinguishable(small, floor(0, 0.0006)));
  EXPECT_FALSE(indistinguishable(small, floor(0, 0.0004)));
  EXPECT_FALSE(indistinguishable(small, NoiseFloor()));
  EXPECT_FALSE(indistinguishable(flat(7, 0.001F), floor(0, 0.0006))) << "no interval";
}

TEST(NoiseFloor, more_than_1_percent_of_other_top_tokens_is_never_indistinguishable) {
  EXPECT_TRUE(indistinguishable(flat(16, 0.001F, 1), floor(0, 1)));
  EXPECT_FALSE(indistinguishable(flat(16, 0.001F, 2), floor(0, 1)));
}

TEST(NoiseFloor, a_lost_position_is_never_indistinguishable) {
  Measurement broken = flat(16, 0.001F);
  broken.windows[0].scores[0].finite = false;
  broken.windows[0].scores[0].lost = true;
  summarize(broken);
  EXPECT_FALSE(indistinguishable(broken, floor(0, 1)));
}

}  // namespace
}  // namespace qualm::evaluate
