// Do the intervals of a fixed number of windows cover what they promise?
// docs/results/statistics.md quotes what this prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "diagnose/checks.h"
#include "numeric/bootstrap.h"
#include "numeric/cluster.h"
#include "numeric/level.h"
#include "numeric/window_means.h"

namespace qualm::numeric {

using diagnose::kCheckConfidence;

namespace {

double of_means(int windows, double variation, double skewness, double confidence) {
  test::WindowMeans means(variation, skewness, 11);
  constexpr int kRuns = 20000;
  int covered = 0;
  std::vector<ClusterSum> read(static_cast<std::size_t>(windows));
  for (int run = 0; run < kRuns; ++run) {
    for (ClusterSum& one : read) one = {means(), 1};
    const auto e = cluster_mean(read, confidence);
    covered += e->low <= 1 && 1 <= e->high ? 1 : 0;
  }
  const double share = static_cast<double>(covered) / kRuns;
  std::printf("mean, level %.1f %%, %2d windows, variation %.1f, skewness %.0f: %.1f %%\n",
              100 * confidence, windows, variation, skewness, 100 * share);
  return share;
}

TEST(IntervalSimulation, of_a_mean_covers_from_8_windows_on_where_they_are_not_skewed) {
  for (const int windows : {8, 16, 48})
    for (const double skewness : {0.0, 1.0, 2.0, 4.0}) {
      const double covers = of_means(windows, 0.3, skewness, kConfidence);
      EXPECT_GE(covers, skewness <= 1 ? 0.93 : skewness <= 2 ? 0.90 : 0.83) << windows;
    }
  EXPECT_GE(of_means(16, 0.3, 1, kCheckConfidence), 0.97);
}

/// How often a difference of no loss is called certain on one side: after 8 windows at a tenth of a
/// check's error, or else after 16 at the level of a check. `sign` -1: the skew is to that side.
double wrong_of_two_looks(double skewness, double sign) {
  test::WindowMeans means(0.3, skewness, 12);
  constexpr int kRuns = 100000;
  int wrong = 0;
  std::vector<ClusterSum> read(16);
  for (int run = 0; run < kRuns; ++run) {
    for (ClusterSum& one : read) one = {sign * (means() - 1), 1};
    const auto first =
        cluster_mean(std::span(read).first(8), shared_confidence(10, kCheckConfidence));
    const auto second = cluster_mean(read, kCheckConfidence);
    wrong += first->low > 0 || second->low > 0 ? 1 : 0;
  }
  const double share = static_cast<double>(wrong) / kRuns;
  std::printf("two looks, skewness %+.0f: %.2f %% wrong\n", sign * skewness, 100 * share);
  return share;
}

TEST(IntervalSimulation, of_two_looks_is_wrong_no_more_often_than_a_check_may_be) {
  for (const double skewness : {0.0, 1.0}) EXPECT_LE(wrong_of_two_looks(skewness, 1), 0.0083);
  EXPECT_LE(wrong_of_two_looks(1, -1), 0.02);
}

struct Bootstrapped {
  double widened = 0;
  double plain = 0;
};

// The share one of two factors has of the sum of both: what the bootstrap is used for.
Bootstrapped of_a_share(int windows, double skewness) {
  test::WindowMeans a(0.4, skewness, 3);
  test::WindowMeans b(0.4, skewness, 4);
  constexpr int kRuns = 1000;
  const Resamples resamples(windows, {});
  const double times = widening(windows, kConfidence);
  Bootstrapped covered;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> x(static_cast<std::size_t>(windows));
    std::vector<double> y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = a();
      y[i] = 3 * b();
    }
    const auto share = [&](auto weight) {
      double first = 0;
      double both = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        first += weight(i) * x[i];
        both += weight(i) * (x[i] + y[i]);
      }
      return first / both;
    };
    const auto e = bootstrap(resamples, share([](std::size_t) { return 1.0; }),
                             [&](std::span<const std::uint16_t> draw) {
                               return share([&](std::size_t i) { return double{1} * draw[i]; });
                             });
    const auto inside = [&](double by) {
      return e->value - (e->value - e->low) / by <= 0.25 &&
             0.25 <= e->value + (e->high - e->value) / by;
    };
    covered.widened += inside(1) ? 1.0 / kRuns : 0;
    covered.plain += inside(times) ? 1.0 / kRuns : 0;
  }
  std::printf("share, %2d windows, variation 0.4, skewness %.0f: %.1f %%, not widened %.1f %%\n",
              windows, skewness, 100 * covered.widened, 100 * covered.plain);
  return covered;
}

TEST(IntervalSimulation, of_a_share_covers_because_it_is_widened) {
  for (const double skewness : {0.0, 2.0}) {
    const Bootstrapped few = of_a_share(8, skewness);
    EXPECT_GE(few.widened, 0.92);
    EXPECT_LT(few.plain, 0.92);
    EXPECT_GE(of_a_share(24, skewness).widened, 0.92);
  }
}

double of_a_percentile(double p, int positions, double variation) {
  // Exponential values whose scale is the window's: quantile known by a large sample.
  constexpr int kWindows = 16;
  test::WindowMeans scale(variation, 1, 5);
  std::mt19937_64 random(6);
  std::exponential_distribution<double> exponential(1);
  std::vector<double> many(2'000'000);
  for (std::size_t i = 0; i < many.size(); i += 100) {
    const double times = std::max(0.01, scale());
    for (std::size_t k = 0; k < 100; ++k) many[i + k] = times * exponential(random);
  }
  std::ranges::sort(many);
  const double truth = many[static_cast<std::size_t>(p * static_cast<double>(many.size()))];
  constexpr int kRuns = 200;
  const Resamples resamples(kWindows, {.resamples = 500});
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<float> values;
    std::vector<std::int32_t> cluster;
    for (int w = 0; w < kWindows; ++w) {
      const double times = std::max(0.01, scale());
      for (int i = 0; i < positions / kWindows; ++i) {
        values.push_back(static_cast<float>(times * exponential(random)));
        cluster.push_back(w);
      }
    }
    const auto q = clustered_quantiles(values, cluster, std::array{p}, resamples);
    if (!q[0].interval) return 0;
    covered += q[0].interval->low <= truth && truth <= q[0].interval->high ? 1 : 0;
  }
  const double share = static_cast<double>(covered) / kRuns;
  std::printf("percentile %.3f of %d positions in %d windows of variation %.1f: %.1f %%\n", p,
              positions, kWindows, variation, 100 * share);
  return share;
}

TEST(IntervalSimulation, of_a_percentile_covers_where_10_positions_lie_beyond) {
  for (const double variation : {0.1, 0.2}) {
    const double least = variation < 0.15 ? 0.88 : 0.78;
    EXPECT_GE(of_a_percentile(0.5, 1600, variation), 0.90);
    EXPECT_GE(of_a_percentile(0.99, 1600, variation), least);
    EXPECT_GE(of_a_percentile(0.999, 16000, variation), least);
  }
  EXPECT_EQ(of_a_percentile(0.999, 1600, 0.1), 0) << "it has no interval";
}

}  // namespace
}  // namespace qualm::numeric
