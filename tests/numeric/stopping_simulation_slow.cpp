// Does the stopping rule keep its promise? Simulated window means are watched after every window;
// the sequence covers if no look ever excludes the truth. docs/results/statistics.md quotes
// what this prints.
#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "diagnose/checks.h"
#include "numeric/cluster.h"
#include "numeric/level.h"
#include "numeric/sequence.h"
#include "numeric/window_means.h"

namespace qualm::numeric {

using diagnose::kCheckConfidence;

namespace {

constexpr int kRuns = 4000;
constexpr int kWindows = 250;

double coverage(ConfidenceSequence watched, double variation, double skewness) {
  test::WindowMeans windows(variation, skewness, 20260101);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    ConfidenceSequence sequence = watched;
    bool inside = true;
    for (int w = 0; w < kWindows && inside; ++w) {
      sequence.add(windows());
      const auto interval = sequence.interval();
      inside = !interval || (interval->low <= 1 && 1 <= interval->high);
    }
    covered += inside ? 1 : 0;
  }
  return static_cast<double>(covered) / kRuns;
}

double shown_coverage(double confidence, double variation, double skewness) {
  const double share = coverage(ConfidenceSequence(confidence), variation, skewness);
  std::printf("level %.2f %%: variation %.1f, skewness %.0f: covers %.1f %%\n", 100 * confidence,
              variation, skewness, 100 * share);
  return share;
}

TEST(StoppingSimulation, at_95_percent_it_covers_means_of_skewness_up_to_2) {
  for (const double variation : {0.2, 0.5, 1.0})
    for (const double skewness : {0.0, 1.0, 2.0})
      EXPECT_GE(shown_coverage(kConfidence, variation, skewness), 0.95) << skewness;
}

TEST(StoppingSimulation, at_the_level_of_one_check_it_covers_means_of_skewness_up_to_1) {
  for (const double variation : {0.2, 0.5, 1.0})
    for (const double skewness : {0.0, 1.0})
      EXPECT_GE(shown_coverage(kCheckConfidence, variation, skewness), kCheckConfidence - 0.003)
          << skewness;
}

TEST(StoppingSimulation, what_it_does_not_cover_is_known) {
  for (const double skewness : {4.0, 8.0})
    for (const double variation : {0.2, 1.0}) {
      EXPECT_GE(shown_coverage(kConfidence, variation, skewness), 0.86) << skewness;
      EXPECT_GE(shown_coverage(kCheckConfidence, variation, skewness), 0.90) << skewness;
    }
}

TEST(StoppingSimulation, at_the_nominal_level_an_early_decision_would_not_cover) {
  ConfidenceSequence::Options early;
  early.alpha = 0.05;
  early.first_decision = 4;
  early.first_decision_varied = 4;
  EXPECT_LT(coverage(ConfidenceSequence(early), 0.6, 2), 0.92);
}

// What stopped near its line is one that strayed: an interval that forgets this covers little.
TEST(StoppingSimulation, at_the_stop_the_sequences_interval_covers_and_the_fixed_one_does_not) {
  constexpr double kLine = 1.02;  // the truth is 1
  test::WindowMeans windows(0.2, 1, 7);
  int stopped = 0;
  int by_sequence = 0;
  int by_fixed = 0;
  for (int run = 0; run < 20000; ++run) {
    ConfidenceSequence sequence(kConfidence);
    std::vector<ClusterSum> read;
    for (int w = 0; w < kWindows; ++w) {
      read.push_back({windows(), 1});
      sequence.add(read.back().sum);
      const auto interval = sequence.interval();
      if (!interval || (interval->low <= kLine && kLine <= interval->high)) continue;
      const auto fixed = cluster_mean(read);
      ++stopped;
      by_sequence += interval->low <= 1 && 1 <= interval->high ? 1 : 0;
      by_fixed += fixed->low <= 1 && 1 <= fixed->high ? 1 : 0;
      break;
    }
  }
  ASSERT_GT(stopped, 100);
  const double of_sequence = static_cast<double>(by_sequence) / stopped;
  const double of_fixed = static_cast<double>(by_fixed) / stopped;
  std::printf(
      "stopped near the line, %d of 20000: the sequence's interval covers %.0f %%, "
      "the fixed one %.0f %%\n",
      stopped, 100 * of_sequence, 100 * of_fixed);
  EXPECT_GT(of_sequence, of_fixed + 0.3);
}

TEST(StoppingSimulation, no_decision_before_its_time) {
  ConfidenceSequence steady(kConfidence);
  ConfidenceSequence varied(kConfidence);
  ConfidenceSequence skewed(kConfidence);
  for (int w = 1; w <= 31; ++w) {
    steady.add(10 + (w % 2));
    varied.add(w % 2 ? 10 : -9);
    skewed.add(w % 10 == 0 ? 13 : 10 + 0.1 * (w % 2));
    EXPECT_EQ(steady.interval().has_value(), w >= 16) << w;
    EXPECT_FALSE(varied.interval()) << w;
    EXPECT_FALSE(skewed.interval()) << w;
  }
  varied.add(-9);
  skewed.add(10);
  EXPECT_TRUE(varied.interval());
  EXPECT_TRUE(skewed.interval());
}

}  // namespace
}  // namespace qualm::numeric
