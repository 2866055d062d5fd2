// Costs of several variants on the same windows.
#include "evaluate/joint.h"

#include <gtest/gtest.h>

#include <array>

namespace qualm::evaluate {
namespace {

Measurement of(int windows, float kld) {
  Measurement m;
  for (std::int32_t w = 0; w < windows; ++w) {
    Score score{.kld = kld + 0.01F * static_cast<float>(w)};
    m.windows.push_back({w, {score, score}});
  }
  return m;
}

double share_of_first(std::span<const double> totals) {
  return totals[0] / (totals[0] + totals[1]);
}

TEST(Joint, a_share_has_an_interval_from_8_windows_on) {
  for (const int windows : {0, 1, 7, 8}) {
    const Measurement a = of(windows, 1);
    const Measurement b = of(windows, 3);
    const std::array both{&a, &b};
    const auto share = estimate(join(both), share_of_first);
    EXPECT_EQ(share.has_value(), windows >= 8) << windows;
    if (share) {
      EXPECT_NEAR(share->value, 0.25, 0.02);
    }
  }
}

TEST(Joint, a_lost_position_is_no_cost_of_0) {
  const Measurement a = of(20, 1);
  Measurement b = of(20, 3);
  b.windows[4].scores[1].finite = false;
  const std::array<const Measurement*, 2> both{&a, &b};
  EXPECT_TRUE(estimate(join(both), share_of_first)) << "the original is not finite there";
  b.windows[4].scores[1].lost = true;
  EXPECT_FALSE(estimate(join(both), share_of_first));
  EXPECT_FALSE(estimate_difference(join(both), join(both), share_of_first));
  const std::array other{&a};
  EXPECT_TRUE(estimate(join(other), [](auto totals) { return totals[0]; }));
}

}  // namespace
}  // namespace qualm::evaluate
