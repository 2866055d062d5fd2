// A device against the CPU, told by the windows that both have read.
#include "evaluate/cross_check.h"

#include <gtest/gtest.h>

namespace qualm::evaluate {
namespace {

/// The device's figures against the CPU's: the text is `worse` nat harder to guess there.
Measurement on_device(int windows, double worse) {
  Measurement m;
  for (std::int32_t w = 0; w < windows; ++w) {
    const double here = w % 2 == 0 ? 0.9 : 1.1;
    m.windows.push_back({w, {}});
    for (std::int32_t i = 0; i < 10; ++i)
      m.windows.back().scores.push_back(
          {.nll_p = 2, .nll_q = 2 + worse * here, .kld = static_cast<float>(0.5 * here)});
  }
  return m;
}

TEST(CrossCheck, tells_how_far_apart_the_two_are_and_which_one_guesses_worse) {
  const CrossCheck check = cross_check_of(on_device(4, 3));
  ASSERT_TRUE(check.kld.estimate && check.worse.estimate);
  EXPECT_NEAR(check.kld.estimate->value, 0.5, 1e-6);
  EXPECT_NEAR(check.worse.estimate->value, 3, 1e-9);
  EXPECT_GT(check.worse.estimate->low, 0);
  EXPECT_EQ(check.windows, 4);
  EXPECT_NEAR(check.worst_kld, 0.55, 1e-6);
  EXPECT_NEAR(check.worst_by, 3.3, 1e-9);
}

TEST(CrossCheck, positions_without_finite_logits_are_counted_and_left_out) {
  Measurement measured = on_device(4, 1);
  measured.windows[0].scores[0] = {.nll_q = 1e9, .finite = false, .lost = true};
  measured.lost = 1;
  const CrossCheck check = cross_check_of(measured);
  EXPECT_EQ(check.lost, 1);
  EXPECT_LT(check.worse.estimate->value, 2);
}

TEST(CrossCheck, fewer_windows_than_the_noise_floor_needs_say_nothing) {
  const CrossCheck check = cross_check_of(on_device(3, 1));
  EXPECT_FALSE(check.worse.estimate);
  EXPECT_EQ(check.worse.absent, "it needs 4 windows");
}

}  // namespace
}  // namespace qualm::evaluate
