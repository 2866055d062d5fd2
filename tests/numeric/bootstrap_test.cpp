#include "numeric/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace qualm::numeric {
namespace {

TEST(Resamples, every_resample_draws_as_many_windows_as_there_are) {
  const Resamples resamples(37, {});
  for (const int r : {0, 999, 1999}) {
    const auto draw = resamples.draw(r);
    EXPECT_EQ(std::accumulate(draw.begin(), draw.end(), 0), 37);
  }
}

TEST(Resamples, the_draws_are_the_same_on_every_machine) {
  const Resamples resamples(5, {.resamples = 2, .seed = 1});
  const auto draw = resamples.draw(0);
  EXPECT_EQ(std::vector<int>(draw.begin(), draw.end()), (std::vector<int>{0, 0, 3, 1, 1}));
}

TEST(Bootstrap, its_interval_for_a_mean_agrees_with_the_formula) {
  std::vector<double> x;
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) x.push_back(static_cast<double>(random() % 1000) / 1000);
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / 200;
  double squares = 0;
  for (const double v : x) squares += (v - mean) * (v - mean);
  const double half = 1.96 * std::sqrt(squares / 199 / 200);
  const auto e = bootstrap(Resamples(200, {}), mean, [&](std::span<const std::uint16_t> draw) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * draw[i];
    return sum / 200;
  });
  EXPECT_NEAR(e->high - mean, half, 0.1 * half);
  EXPECT_NEAR(mean - e->low, half, 0.1 * half);
}

TEST(Bootstrap, is_absent_under_8_windows_and_where_most_resamples_have_no_value) {
  const auto nan = [](std::span<const std::uint16_t>) { return std::nan(""); };
  const auto one = [](std::span<const std::uint16_t>) { return 1.0; };
  const auto either = [](auto, auto) { return 1.0; };
  EXPECT_FALSE(bootstrap(Resamples(7, {}), 1.0, one));
  EXPECT_TRUE(bootstrap(Resamples(8, {}), 1.0, one));
  EXPECT_FALSE(bootstrap(Resamples(9, {}), Resamples(7, {.seed = 2}), 1.0, either));
  EXPECT_FALSE(bootstrap(Resamples(9, {}), 1.0, nan));
}

// t(7) at 0.975 is 2.3646, z 1.9600 (tables).
TEST(Bootstrap, an_interval_of_few_windows_is_widened_about_its_value) {
  EXPECT_NEAR(widening(8, 0.95), std::sqrt(8.0 / 7) * 2.3646 / 1.9600, 1e-4);
  EXPECT_NEAR(widening(1'000'000, 0.95), 1, 1e-4);
  const Resamples resamples(8, {.resamples = 1000});
  const auto drawn = [](std::span<const std::uint16_t> draw) { return double{1} * draw[0]; };
  const auto e = bootstrap(resamples, 1.0, drawn);  // a share (7/8)^8 of the draws is 0
  EXPECT_DOUBLE_EQ(e->low, 1 - widening(8, 0.95));
  EXPECT_DOUBLE_EQ(e->high, 1 + 2 * widening(8, 0.95));
}

// The variance of a difference of independent means is the sum of theirs.
TEST(Bootstrap, the_interval_of_two_samples_is_that_of_independent_ones) {
  const auto mean = [](std::span<const std::uint16_t> draw) {
    double sum = 0;
    for (std::size_t i = 0; i < draw.size(); ++i) sum += draw[i] * std::sin(static_cast<double>(i));
    return sum / static_cast<double>(draw.size());
  };
  const Resamples a(40, {});
  const Resamples b(40, {.seed = 2});
  const auto width = [](const std::optional<Estimate>& e) { return e->high - e->low; };
  const double of_one = std::hypot(width(bootstrap(a, 0, mean)), width(bootstrap(b, 0, mean)));
  const auto two = bootstrap(a, b, 0, [&](auto x, auto y) { return mean(x) - mean(y); });
  ASSERT_TRUE(two);
  EXPECT_NEAR(width(two), of_one, 0.1 * of_one);  // 2000 resamples give a width to 2 % or so
}

// numpy.quantile(x, p), whose default is type 7.
TEST(ClusteredQuantiles, agree_with_numpys_definition) {
  const std::array<float, 6> values{9, 1, 4, 2, 25, 16};
  const std::array<std::int32_t, 6> cluster{0, 0, 1, 1, 2, 2};
  const std::array p{0.9, 0.5, 0.0, 1.0, 0.25};
  const auto q = clustered_quantiles(values, cluster, p, Resamples(3, {}));
  EXPECT_DOUBLE_EQ(q[0].value, 20.5);
  EXPECT_DOUBLE_EQ(q[1].value, 6.5);
  EXPECT_DOUBLE_EQ(q[2].value, 1);
  EXPECT_DOUBLE_EQ(q[3].value, 25);
  EXPECT_DOUBLE_EQ(q[4].value, 2.5);
}

TEST(ClusteredQuantiles, with_fewer_than_10_values_beyond_there_is_no_interval) {
  const auto has_interval = [](int values, double p) {
    std::vector<float> all;
    std::vector<std::int32_t> cluster;
    for (int i = 0; i < values; ++i) {
      all.push_back(static_cast<float>((i * 7919) % values));
      cluster.push_back(i % 8);
    }
    const Resamples resamples(8, {.resamples = 20});
    return clustered_quantiles(all, cluster, std::array{p}, resamples)[0].interval.has_value();
  };
  EXPECT_FALSE(has_interval(999, 0.99));
  EXPECT_TRUE(has_interval(1000, 0.99));
  EXPECT_FALSE(has_interval(999, 0.01));
  EXPECT_FALSE(has_interval(9999, 0.999));
  EXPECT_TRUE(has_interval(10000, 0.999));
}

TEST(ClusteredQuantiles, extremes_have_no_interval_and_others_hold_their_value) {
  std::vector<float> values;
  std::vector<std::int32_t> cluster;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(static_cast<float>((i * 7919) % 1000));
    cluster.push_back(i / 50);
  }
  const auto q = clustered_quantiles(values, cluster, std::array{0.0, 0.5, 1.0}, Resamples(20, {}));
  EXPECT_FALSE(q[0].interval);
  EXPECT_FALSE(q[2].interval);
  ASSERT_TRUE(q[1].interval);
  EXPECT_LE(q[1].interval->low, 499.5);
  EXPECT_GE(q[1].interval->high, 499.5);
  EXPECT_LT(q[1].interval->high - q[1].interval->low, 200);
}

// The same from samples that are written out.
TEST(ClusteredQuantiles, a_drawn_window_counts_as_often_as_it_was_drawn) {
  const Resamples resamples(8, {.resamples = 200});
  std::vector<float> values;
  std::vector<std::int32_t> cluster;
  for (std::int32_t i = 0; i < 40; ++i) {
    values.push_back(static_cast<float>((i * 37) % 101));
    cluster.push_back(i / 5);
  }
  const auto median = [&](std::span<const std::uint16_t> draw) {
    std::vector<float> sample;
    for (std::size_t i = 0; i < values.size(); ++i)
      sample.insert(sample.end(), draw[i / 5], values[i]);
    std::ranges::sort(sample);
    return (double{1} * sample[19] + double{1} * sample[20]) / 2;
  };
  const auto q = clustered_quantiles(values, cluster, std::array{0.5}, resamples);
  const auto expected = bootstrap(resamples, q[0].value, median);
  EXPECT_DOUBLE_EQ(q[0].interval->low, expected->low);
  EXPECT_DOUBLE_EQ(q[0].interval->high, expected->high);
}

}  // namespace
}  // namespace qualm::numeric
