#include "base/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace qualm {
namespace {

TEST(Units, bytes_are_decimal_with_two_to_four_digits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(-512), "-512 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(3'400'000), "3.4 MB");
  EXPECT_EQ(format_bytes(11'639'616), "11.6 MB");
  EXPECT_EQ(format_bytes(1'185'376), "1.19 MB");
  EXPECT_EQ(format_bytes(123'456'789'012), "123 GB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::int64_t>::max()), "9223 PB");
}

TEST(Units, counts_have_all_digits_below_ten_thousand) {
  EXPECT_EQ(format_count(656), "656");
  EXPECT_EQ(format_count(9'999), "9999");
  EXPECT_EQ(format_count(10'000), "10.0 k");
  EXPECT_EQ(format_count(5'770'000), "5.77 M");
  EXPECT_EQ(format_count(8'030'261'312), "8.03 B");
  EXPECT_EQ(format_count(std::numeric_limits<std::int64_t>::max()), "9223372 T");
}

TEST(Units, rounding_never_shows_a_fourth_digit) {
  EXPECT_EQ(format_count(999'499), "999 k");
  EXPECT_EQ(format_count(999'500), "1.0 M");
  EXPECT_EQ(format_count(9'994'000), "9.99 M");
  EXPECT_EQ(format_count(9'996'000), "10.0 M");
  EXPECT_EQ(format_count(99'940'000), "99.9 M");
  EXPECT_EQ(format_count(99'960'000), "100 M");
  EXPECT_EQ(format_bytes(999'949'999), "1.0 GB");
}

TEST(Units, a_value_has_three_digits_and_is_whole_from_a_thousand_on) {
  EXPECT_EQ(format_value(2.1371), "2.14");
  EXPECT_EQ(format_value(1234.5), "1234");
  EXPECT_EQ(format_value(999.4), "999");
  EXPECT_EQ(format_value(999.96), "1000");
  EXPECT_EQ(format_value(-999.96), "-1000");
  EXPECT_EQ(format_value(9.9996, {.percent = true}), "1000 %");
}

TEST(Units, small_and_large_values_are_powers_of_ten) {
  EXPECT_EQ(format_value(0.00012), "0.00012");
  EXPECT_EQ(format_value(3e-6), "3e-6");
  EXPECT_EQ(format_value(1.234e30), "1.23e30");
  EXPECT_EQ(format_value(9'999'999), "9999999");
  EXPECT_EQ(format_value(9'999'999.7), "1e7");
}

TEST(Units, a_change_has_a_sign_and_zero_has_none) {
  const NumberStyle change{.percent = true, .change = true};
  EXPECT_EQ(format_value(0.0123, change), "+1.23 %");
  EXPECT_EQ(format_value(-0.0123, change), "-1.23 %");
  EXPECT_EQ(format_value(0.0, change), "0 %");
  EXPECT_EQ(format_value(-0.0, change), "0 %");
}

TEST(Units, what_is_no_number_says_so) {
  EXPECT_EQ(format_value(std::numeric_limits<double>::quiet_NaN()), "not a number");
  EXPECT_EQ(format_value(-INFINITY, {.percent = true}), "not a number");
}

TEST(Units, durations_use_the_unit_a_person_would) {
  EXPECT_EQ(format_seconds(0), "0 ms");
  EXPECT_EQ(format_seconds(0.34), "340 ms");
  EXPECT_EQ(format_seconds(0.9996), "1.0 s");
  EXPECT_EQ(format_seconds(4.24), "4.2 s");
  EXPECT_EQ(format_seconds(9.96), "10 s");
  EXPECT_EQ(format_seconds(94.2), "94 s");
  EXPECT_EQ(format_seconds(119.6), "2 min");
  EXPECT_EQ(format_seconds(720), "12 min");
  EXPECT_EQ(format_seconds(11'100), "3 h 5 min");
  EXPECT_EQ(format_seconds(-1), "unknown");
  EXPECT_EQ(format_seconds(INFINITY), "unknown");
}

TEST(Units, digits_are_grouped_by_three) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(9223372036854775807), "9,223,372,036,854,775,807");
}

}  // namespace
}  // namespace qualm
