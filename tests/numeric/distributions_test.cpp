#include "numeric/distributions.h"

#include <gtest/gtest.h>

namespace qualm::numeric {
namespace {

TEST(Distributions, normal_quantiles_agree_with_tables) {
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-12);
  EXPECT_NEAR(normal_quantile(0.5), 0, 1e-12);
  EXPECT_NEAR(normal_quantile(0.001), -3.090232306167813, 1e-11);
}

// Tables of Student's t, any textbook.
TEST(Distributions, student_quantiles_agree_with_tables) {
  EXPECT_NEAR(student_quantile(0.975, 1), 12.7062047, 1e-6);
  EXPECT_NEAR(student_quantile(0.975, 10), 2.2281389, 1e-6);
  EXPECT_NEAR(student_quantile(0.95, 4), 2.1318468, 1e-6);
  EXPECT_NEAR(student_quantile(0.975, 1e6), 1.9599664, 1e-5);
  EXPECT_DOUBLE_EQ(student_quantile(0.025, 10), -student_quantile(0.975, 10));
}

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", method 3, table I.
TEST(Distributions, wilson_agrees_with_newcombes_examples) {
  const Estimate e = wilson_interval(81, 263);
  EXPECT_NEAR(e.low, 0.2553, 5e-5);
  EXPECT_NEAR(e.high, 0.3662, 5e-5);
  const Estimate none = wilson_interval(0, 20);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.1611, 5e-5);
}

// Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions
// based on paired data", table III, method 10: a 36, b 12, c 2, d 0.
TEST(Distributions, newcombes_paired_interval_agrees_with_his_example) {
  const Estimate e = newcombe_paired(36, 12, 2, 0);
  EXPECT_NEAR(e.value, 0.2, 1e-12);
  EXPECT_NEAR(e.low, 0.0569, 5e-4);
  EXPECT_NEAR(e.high, 0.3404, 5e-4);
}

TEST(Distributions, mcnemar_is_the_binomial_test_on_discordant_pairs) {
  EXPECT_NEAR(mcnemar_exact(1, 9), 2 * 11.0 / 1024, 1e-12);
  EXPECT_NEAR(mcnemar_exact(5, 0), 2.0 / 32, 1e-12);
  EXPECT_EQ(mcnemar_exact(0, 0), 1);
  EXPECT_EQ(mcnemar_exact(3, 3), 1);
}

}  // namespace
}  // namespace qualm::numeric
