#include "base/units.h"

#include <gtest/gtest.h>

namespace qualm {
namespace {

using std::chrono::duration;

TEST(Units, bytes_are_decimal_with_three_digits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.00 kB");
  EXPECT_EQ(bytes_text(11639616), "11.6 MB");
  EXPECT_EQ(bytes_text(1185376), "1.19 MB");
  EXPECT_EQ(bytes_text(999'949'999), "1.00 GB");
  EXPECT_EQ(bytes_text(~std::uint64_t{0}), "18447 PB");
}

TEST(Units, counts_have_no_unit_of_their_own) {
  EXPECT_EQ(count_text(656), "656");
  EXPECT_EQ(count_text(5'815'552), "5.82 M");
  EXPECT_EQ(count_text(8'030'261'312), "8.03 B");
}

TEST(Units, rounding_never_shows_a_fourth_digit) {
  EXPECT_EQ(count_text(999'499), "999 k");
  EXPECT_EQ(count_text(999'500), "1.00 M");
  EXPECT_EQ(count_text(9'996'000), "10.0 M");
  EXPECT_EQ(count_text(99'960'000), "100 M");
}

TEST(Units, durations_use_the_unit_a_person_would) {
  EXPECT_EQ(duration_text(duration<double>(0.34)), "340 ms");
  EXPECT_EQ(duration_text(duration<double>(12.34)), "12.3 s");
  EXPECT_EQ(duration_text(duration<double>(59.97)), "1 min 00 s");
  EXPECT_EQ(duration_text(duration<double>(245)), "4 min 05 s");
  EXPECT_EQ(duration_text(duration<double>(3720)), "1 h 02 min");
  EXPECT_EQ(duration_text(duration<double>(-1)), "0 ms");
}

TEST(Units, digits_are_grouped_by_three) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(9223372036854775807), "9,223,372,036,854,775,807");
}

}  // namespace
}  // namespace qualm
