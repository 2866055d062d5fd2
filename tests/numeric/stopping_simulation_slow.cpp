// Does the stopping rule keep its promise? Windows whose means are skewed (lognormal) are watched
// after every window; the sequence covers if no look ever excludes the truth.
// docs/results/statistics.md quotes what this prints.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "numeric/sequence.h"

namespace qualm::numeric {
namespace {

constexpr int kRuns = 20000;
constexpr int kWindows = 400;

double coverage(ConfidenceSequence::Options options, double sigma) {
  std::mt19937_64 random(20260101);
  std::normal_distribution<double> normal(0, sigma);
  const double truth = std::exp(sigma * sigma / 2);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    ConfidenceSequence sequence(options);
    bool inside = true;
    for (int w = 0; w < kWindows && inside; ++w) {
      sequence.add(std::exp(normal(random)));
      const auto interval = sequence.interval();
      inside = !interval || (interval->low <= truth && truth <= interval->high);
    }
    covered += inside ? 1 : 0;
  }
  const double share = static_cast<double>(covered) / kRuns;
  std::printf("alpha %.2f, first decision %2d: sigma %.1f covers %.1f %%\n", options.alpha,
              static_cast<int>(options.first_decision), sigma, 100 * share);
  return share;
}

TEST(StoppingSimulation, our_rule_covers_95_percent_of_skewed_window_means) {
  for (const double sigma : {0.1, 0.3, 0.5, 0.6}) EXPECT_GE(coverage({}, sigma), 0.95) << sigma;
}

TEST(StoppingSimulation, at_the_nominal_level_an_early_decision_would_not) {
  ConfidenceSequence::Options early;
  early.alpha = 0.05;
  early.first_decision = 4;
  early.first_decision_varied = 4;
  EXPECT_LT(coverage(early, 0.6), 0.92);
}

TEST(StoppingSimulation, no_decision_before_its_time) {
  ConfidenceSequence steady;
  ConfidenceSequence varied;
  for (int w = 1; w <= 31; ++w) {
    steady.add(10 + (w % 2));
    varied.add(w % 2 ? 10 : -9);
    EXPECT_EQ(steady.interval().has_value(), w >= 16) << w;
    EXPECT_FALSE(varied.interval()) << w;
  }
  varied.add(-9);
  EXPECT_TRUE(varied.interval());
}

}  // namespace
}  // namespace qualm::numeric
