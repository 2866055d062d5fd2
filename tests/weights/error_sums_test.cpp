#include "weights/error_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "support/checkpoints.h"

namespace qualm::weights {
namespace {

ErrorSums sums_of(const std::vector<float>& w, const std::vector<float>& b,
                  const std::vector<float>& steps = {}) {
  ErrorSums sums;
  sums.add_row(0, w, b, steps);
  return sums;
}

TEST(ErrorSums, figures_of_a_case_that_can_be_done_by_hand) {
  const ErrorSums sums = sums_of({3, 0, 4}, {3, 4, 0});
  EXPECT_DOUBLE_EQ(*relative_error(sums), std::sqrt(32.0) / 5);
  EXPECT_DOUBLE_EQ(*sqnr_db(sums), 10 * std::log10(25.0 / 32));
  EXPECT_DOUBLE_EQ(*cosine(sums), 9.0 / 25);
  EXPECT_DOUBLE_EQ(*effective_bits(sums), std::log2(25.0 / 32) / 2);
  EXPECT_EQ(sums.max_error, 4);
  EXPECT_EQ(sums.max_column, 1);  // of equals the first
}

TEST(ErrorSums, long_rows_agree_with_plain_sums_in_double) {
  const auto w = test::noise(1003, 0.1, 1), b = test::noise(1003, 0.1, 2);
  double error = 0, product = 0, largest = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double e = static_cast<double>(w[i]) - b[i];
    error += e * e;
    product += static_cast<double>(w[i]) * b[i];
    if (std::abs(e) > largest) largest = std::abs(e), where = i;
  }
  const ErrorSums sums = sums_of(w, b);
  EXPECT_NEAR(sums.error, error, 1e-6 * error);
  EXPECT_NEAR(sums.product, product, 1e-9);
  EXPECT_EQ(sums.max_column, static_cast<std::int64_t>(where));
  EXPECT_EQ(sums.weights, 1003);
}

TEST(ErrorSums, identical_weights_show_no_difference) {
  const auto w = test::noise(300, 1, 3);
  const ErrorSums sums = sums_of(w, w);
  EXPECT_EQ(*relative_error(sums), 0);
  EXPECT_NEAR(*cosine(sums), 1, 1e-15);
  EXPECT_EQ(sqnr_db(sums).error(), "no error: the weights are equal");
  EXPECT_FALSE(effective_bits(sums));
}

TEST(ErrorSums, nan_and_infinity_are_counted_and_left_out) {
  auto w = test::noise(600, 1, 4);
  const auto b = test::noise(600, 1, 5);
  w[17] = std::numeric_limits<float>::quiet_NaN();
  w[599] = std::numeric_limits<float>::infinity();
  const ErrorSums sums = sums_of(w, b);
  EXPECT_EQ(sums.weights, 598);
  EXPECT_EQ(sums.skipped, 2);
  EXPECT_TRUE(std::isfinite(*relative_error(sums)));
}

TEST(ErrorSums, differences_larger_than_float_are_still_summed) {
  const float huge = std::numeric_limits<float>::max();
  const ErrorSums sums = sums_of(std::vector<float>(16, huge), std::vector<float>(16, -huge));
  EXPECT_EQ(sums.skipped, 0);
  EXPECT_NEAR(*relative_error(sums), 2, 1e-12);
}

TEST(ErrorSums, parts_merge_to_the_whole) {
  const auto w = test::noise(512, 1, 6), b = test::noise(512, 1, 7);
  ErrorSums first = sums_of({w.begin(), w.begin() + 256}, {b.begin(), b.begin() + 256});
  ErrorSums second;
  second.add_row(1, std::span(w).subspan(256), std::span(b).subspan(256), {});
  ErrorSums whole;
  whole.add_row(0, std::span(w).first(256), std::span(b).first(256), {});
  whole.add_row(1, std::span(w).subspan(256), std::span(b).subspan(256), {});
  first.merge(second);
  EXPECT_EQ(first.weights, whole.weights);
  EXPECT_DOUBLE_EQ(first.error, whole.error);
  EXPECT_EQ(first.max_row, whole.max_row);
  EXPECT_EQ(first.max_column, whole.max_column);
}

TEST(ErrorSums, of_equal_largest_errors_the_first_stays) {
  ErrorSums first, second;
  first.add_row(4, std::vector<float>{1}, std::vector<float>{0}, {});
  second.add_row(9, std::vector<float>{0}, std::vector<float>{1}, {});
  first.merge(second);
  EXPECT_EQ(first.max_row, 4);
  ErrorSums empty;
  empty.merge(second);
  EXPECT_EQ(empty.max_row, 9);
}

TEST(ErrorSums, half_a_step_is_counted_with_the_rounding_of_the_stored_scale) {
  // |e| of 0.5, 0.5004 (inside for |w| = 1: 2^-11 = 0.00049), 0.51.
  const ErrorSums sums = sums_of({1, 1, 1}, {0.5F, 0.4996F, 0.49F}, {1, 1, 1});
  EXPECT_EQ(sums.gridded, 3);
  EXPECT_EQ(sums.within, 2);
  EXPECT_EQ(within_half_step(sums_of({1}, {1})).error(),
            "not computed, since this type has no fixed rounding step");
}

TEST(ErrorSums, nothing_compared_and_zero_baselines_have_reasons) {
  EXPECT_EQ(relative_error({}).error(), "no weights were compared");
  EXPECT_EQ(relative_error(sums_of({1}, {0})).error(), "the baseline's weights are 0");
  EXPECT_EQ(*relative_error(sums_of({0}, {0})), 0);
  EXPECT_FALSE(cosine(sums_of({0}, {1})));
}

}  // namespace
}  // namespace qualm::weights
