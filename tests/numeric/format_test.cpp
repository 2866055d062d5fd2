#include "numeric/format.h"

#include <gtest/gtest.h>

#include <limits>

namespace qualm::numeric {
namespace {

TEST(Format, digits_follow_the_half_width_of_the_interval) {
  EXPECT_EQ(supported_decimals(0.00075), 4);
  EXPECT_EQ(supported_decimals(0.6), 1);
  EXPECT_EQ(supported_decimals(1.65), 1);
  EXPECT_EQ(supported_decimals(3.54), 1);
  EXPECT_EQ(supported_decimals(3.56), 0);
  EXPECT_EQ(supported_decimals(6.5), 0);
  EXPECT_EQ(supported_decimals(100), -1);
  EXPECT_EQ(supported_decimals(1e-6), 7);
}

TEST(Format, an_estimate_is_given_to_the_place_its_interval_supports) {
  EXPECT_EQ(format_estimate({0.05734, 0.0566, 0.0581}), "0.0573 [0.0566, 0.0581]");
  EXPECT_EQ(format_estimate({12345, 11900, 13100}), "12300 [11900, 13100]");
  EXPECT_EQ(format_estimate({7.412, 7.1, 7.73}), "7.41 [7.10, 7.73]");
}

TEST(Format, a_change_has_a_sign_and_its_fraction_becomes_percent) {
  const NumberStyle change{.percent = true, .change = true};
  EXPECT_EQ(format_estimate({0.0641, 0.0581, 0.0702}, change), "+6.4 % [5.8, 7.0]");
  EXPECT_EQ(format_estimate({0.214, 0.198, 0.231}, change), "+21.4 % [19.8, 23.1]");
  EXPECT_EQ(format_estimate({-0.0121, -0.0133, -0.0109}, change), "-1.21 % [-1.33, -1.09]");
}

TEST(Format, zero_has_no_sign) {
  const NumberStyle change{.percent = true, .change = true};
  EXPECT_EQ(format_estimate({0.00001, -0.004, 0.004}, change), "0.0 % [-0.4, 0.4]");
  EXPECT_EQ(format_estimate({-0.00001, -0.004, 0.004}, change), "0.0 % [-0.4, 0.4]");
}

TEST(Format, small_values_are_powers_of_ten) {
  EXPECT_EQ(format_estimate({2.1e-5, 2.02e-5, 2.18e-5}), "2.10e-5 [2.02e-5, 2.18e-5]");
  EXPECT_EQ(format_estimate({1e-6, 0, 3e-6}), "1.0e-6 [0, 3.0e-6]");
}

TEST(Format, a_narrow_interval_near_one_keeps_its_decimals) {
  EXPECT_EQ(format_estimate({0.999998, 0.9999974, 0.9999986}), "0.9999980 [0.9999974, 0.9999986]");
}

TEST(Format, the_interval_can_be_left_out_without_changing_the_digits) {
  EXPECT_EQ(format_estimate({0.05734, 0.0566, 0.0581}, {.interval = false}), "0.0573");
}

TEST(Format, without_an_interval_it_is_a_plain_value) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(format_estimate({2.1371, 2.1371, 2.1371}), "2.14");
  EXPECT_EQ(format_estimate({1.5, nan, nan}), "1.5");
  EXPECT_EQ(format_estimate({999.96, 999.96, 999.96}), "1000");
}

}  // namespace
}  // namespace qualm::numeric
