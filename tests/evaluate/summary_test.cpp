#include "evaluate/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace qualm::evaluate {
namespace {

using numeric::Estimate;
using numeric::Metric;

constexpr double kSurer = 1 - 0.05 / 6;  // as a check of a diagnosis decides

Score score(double nll_p, double nll_q, float kld, float delta_p, bool same, std::int32_t at,
            float confidence = 0.5F) {
  return {nll_p, nll_q, kld, delta_p, confidence, at, same, true};
}

/// Five positions in two windows, small enough to sum on paper; so often that there are intervals.
Measurement by_hand(std::int32_t times = 4) {
  const std::vector<WindowScores> windows = {
      {4, {score(1, 2, 0.5F, 0.1F, true, 3), score(2, 2, 0.25F, -0.3F, false, 4)}},
      {1,
       {score(3, 4, 0.125F, 0.2F, true, 3), score(1, 1, 0, 0, true, 4),
        score(2, 3, 1, -0.1F, false, 9, 1.0F)}}};
  Measurement m;
  for (std::int32_t i = 0; i < times; ++i)
    for (WindowScores window : windows) {
      window.window += 10 * i;
      m.windows.push_back(std::move(window));
    }
  return m;
}

Measurement random_measurement(int windows, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  Measurement m;
  for (std::int32_t w = 0; w < windows; ++w) {
    m.windows.push_back({w, {}});
    for (std::int32_t i = 0; i < 20; ++i) {
      const double p = 1 + uniform(random);
      m.windows.back().scores.push_back(
          score(p, p + 0.1 * uniform(random), static_cast<float>(uniform(random)),
                static_cast<float>(uniform(random) - 0.5), uniform(random) < 0.9, 8 + i,
                static_cast<float>(uniform(random))));
    }
  }
  return m;
}

double value(const Measurement& m, MetricId id) {
  const auto& estimate = m.metrics[id].estimate;
  return estimate ? estimate->value : std::nan("");
}

TEST(Summary, the_means_are_those_of_all_positions_and_in_their_units) {
  Measurement m = by_hand();
  summarize(m);
  EXPECT_EQ(m.tokens_scored, 20);
  EXPECT_EQ(m.not_finite, 0);
  EXPECT_DOUBLE_EQ(value(m, MetricId::ppl), std::exp(12.0 / 5));
  EXPECT_DOUBLE_EQ(value(m, MetricId::ppl_baseline), std::exp(9.0 / 5));
  EXPECT_DOUBLE_EQ(value(m, MetricId::ppl_change), std::expm1(3.0 / 5));
  EXPECT_DOUBLE_EQ(value(m, MetricId::kld_mean), 1.875 / 5);
  EXPECT_NEAR(value(m, MetricId::delta_p_mean), -0.1 / 5, 1e-8);
  EXPECT_NEAR(value(m, MetricId::delta_p_rms), std::sqrt(0.15 / 5), 1e-8);
  EXPECT_DOUBLE_EQ(value(m, MetricId::same_top), 0.6);
  EXPECT_DOUBLE_EQ(value(m, MetricId::kld_median), 0.25);
  EXPECT_DOUBLE_EQ(value(m, MetricId::kld_max), 1);
  EXPECT_EQ(m.metrics[MetricId::kld_mean].unit, "nat/token");
  EXPECT_EQ(m.metrics[MetricId::ppl].unit, "1");
  EXPECT_EQ(m.metrics[MetricId::same_top].unit, "fraction");
}

TEST(Summary, ppl_change_is_the_exponential_of_the_mean_difference_less_one) {
  Measurement m = random_measurement(30, 1);
  summarize(m);
  EXPECT_NEAR(value(m, MetricId::ppl_change),
              value(m, MetricId::ppl) / value(m, MetricId::ppl_baseline) - 1, 1e-12);
  const Estimate& paired = *m.metrics[MetricId::ppl_change].estimate;
  EXPECT_LT(paired.low, paired.value);
  EXPECT_LT(paired.value, paired.high);
  // Paired: the text's own spread, which both models share, is not in it.
  const Estimate& alone = *m.metrics[MetricId::ppl].estimate;
  EXPECT_LT(paired.high - paired.low, (alone.high - alone.low) / alone.value);
}

TEST(Summary, the_order_in_which_windows_were_read_changes_no_bit) {
  Measurement straight = random_measurement(25, 2);
  Measurement shuffled = straight;
  std::ranges::shuffle(shuffled.windows, std::mt19937(7));
  summarize(straight);
  summarize(shuffled);
  for (std::size_t w = 0; w < 25; ++w)
    EXPECT_EQ(shuffled.windows[w].window, straight.windows[w].window);
  for (const MetricRow& row : metric_rows()) {
    const Metric& metric = straight.metrics[row.id];
    const Metric& other = shuffled.metrics[row.id];
    ASSERT_EQ(metric.estimate.has_value(), other.estimate.has_value()) << row.name;
    if (!metric.estimate) continue;
    EXPECT_EQ(metric.estimate->value, other.estimate->value) << row.name;
    EXPECT_EQ(metric.estimate->low, other.estimate->low) << row.name;
    EXPECT_EQ(metric.estimate->high, other.estimate->high) << row.name;
  }
}

TEST(Summary, every_metric_is_there_and_none_without_an_estimate_lacks_its_reason) {
  for (const int windows : {0, 1, 2, 30}) {
    Measurement m = random_measurement(windows, 3);
    summarize(m);
    for (const MetricRow& row : metric_rows()) {
      const Metric& metric = m.metrics[row.id];
      EXPECT_NE(metric.estimate.has_value(), !metric.absent.empty()) << row.name;
      EXPECT_EQ(metric.unit, row.unit);
      if (metric.estimate) {
        EXPECT_LE(metric.estimate->low, metric.estimate->value) << row.name;
        EXPECT_LE(metric.estimate->value, metric.estimate->high) << row.name;
      }
    }
  }
}

TEST(Summary, under_8_windows_have_no_interval_but_the_range_of_their_means) {
  Measurement m = by_hand(3);
  m.windows.push_back(by_hand(1).windows.front());
  summarize(m);
  ASSERT_EQ(m.windows.size(), 7U);
  const Metric& kld = m.metrics[MetricId::kld_mean];
  EXPECT_FALSE(kld.estimate);
  EXPECT_EQ(kld.absent, "only 7 windows were read, and an interval needs 8");
  ASSERT_TRUE(kld.range);
  EXPECT_DOUBLE_EQ(kld.range->value, (3 * 1.875 + 0.75) / 17);
  EXPECT_DOUBLE_EQ(kld.range->low, 0.375);
  EXPECT_DOUBLE_EQ(kld.range->high, 0.375);
  EXPECT_DOUBLE_EQ(m.metrics[MetricId::same_top].range->low, 0.5);
  EXPECT_DOUBLE_EQ(m.metrics[MetricId::same_top].range->high, 2.0 / 3);
  EXPECT_DOUBLE_EQ(m.metrics[MetricId::ppl_change].range->high, std::expm1(2.0 / 3));
  EXPECT_FALSE(m.metrics[MetricId::kld_p99].estimate);
  EXPECT_TRUE(m.metrics[MetricId::kld_max].estimate);
  m.windows.push_back(m.windows.front());
  summarize(m);
  EXPECT_TRUE(m.metrics[MetricId::kld_mean].estimate);
}

TEST(Summary, a_percentile_near_the_end_has_no_value_and_says_what_it_needs) {
  Measurement m = random_measurement(49, 12);  // 980 positions
  summarize(m);
  EXPECT_TRUE(m.metrics[MetricId::kld_p95].estimate);
  EXPECT_EQ(m.metrics[MetricId::kld_p99].absent,
            "not computed: it needs 1000 positions, and 980 were scored");
  EXPECT_EQ(m.metrics[MetricId::kld_p999].absent,
            "not computed: it needs 10000 positions, and 980 were scored");
  Measurement more = random_measurement(50, 12);
  summarize(more);
  EXPECT_TRUE(more.metrics[MetricId::kld_p99].estimate);
}

TEST(Summary, the_metric_that_stopped_the_reading_has_the_interval_that_it_stopped_by) {
  Measurement m = random_measurement(20, 13);
  summarize(m);
  const Estimate fixed = *m.metrics[MetricId::kld_mean].estimate;
  const Estimate other = *m.metrics[MetricId::ppl_change].estimate;
  m.stopped = Stopped{MetricId::kld_mean, {fixed.value, fixed.low - 0.1, fixed.high + 0.1}};
  summarize(m);
  EXPECT_DOUBLE_EQ(m.metrics[MetricId::kld_mean].estimate->low, fixed.low - 0.1);
  EXPECT_DOUBLE_EQ(m.metrics[MetricId::kld_mean].estimate->high, fixed.high + 0.1);
  EXPECT_EQ(m.metrics[MetricId::ppl_change].estimate->high, other.high);
  EXPECT_DOUBLE_EQ(deciding(m, MetricId::kld_mean, kSurer)->high, fixed.high + 0.1);
}

TEST(Summary, what_decides_is_surer_than_what_is_printed) {
  Measurement m = random_measurement(20, 14);
  summarize(m);
  for (const MetricId id : {MetricId::kld_mean, MetricId::kld_median, MetricId::ppl_change}) {
    const Estimate& printed = *m.metrics[id].estimate;
    const auto wide = deciding(m, id, kSurer);
    const auto same = deciding(m, id, numeric::kConfidence);
    ASSERT_TRUE(wide && same);
    EXPECT_DOUBLE_EQ(same->low, printed.low);
    EXPECT_DOUBLE_EQ(same->high, printed.high);
    EXPECT_LT(wide->low, printed.low);
    EXPECT_GT(wide->high, printed.high);
  }
}

// t(19): 2.0930 at 0.975; z 0.8416 at 0.8 (tables).
TEST(Summary, the_smallest_detectable_effect_is_what_4_of_5_texts_show) {
  Measurement m = random_measurement(20, 15);
  summarize(m);
  const Estimate& kld = *m.metrics[MetricId::kld_mean].estimate;
  EXPECT_NEAR(*smallest_detectable(m, MetricId::kld_mean, 0.95),
              (kld.high - kld.low) / 2 * (1 + 0.8416 / 2.0930), 1e-6);
  Measurement few = random_measurement(7, 15);
  summarize(few);
  EXPECT_FALSE(smallest_detectable(few, MetricId::kld_mean, kSurer));
}

TEST(Summary, windows_that_are_like_their_neighbours_widen_the_interval) {
  Measurement alike = random_measurement(64, 16);
  Measurement apart = alike;
  for (auto& window : alike.windows)
    for (Score& s : window.scores) s.kld = static_cast<float>(window.window / 8 % 2);
  for (auto& window : apart.windows)
    for (Score& s : window.scores) s.kld = static_cast<float>(window.window % 2);
  // Blocks of 4 within runs of 8: the variance of their mean is 4 times that of 4 windows apart.
  EXPECT_NEAR(*widening_by_neighbours(alike), 2, 0.1);
  EXPECT_NEAR(*widening_by_neighbours(apart), 0, 1e-9);
  EXPECT_FALSE(widening_by_neighbours(random_measurement(15, 16)));
}

TEST(Summary, a_lost_position_is_counted_and_nothing_is_decided_without_it) {
  Measurement m = random_measurement(20, 17);
  for (auto& window : m.windows) {
    window.scores.front() = Score{};
    window.scores.front().finite = false;
    window.scores.front().lost = window.window % 2 == 0;
  }
  summarize(m);
  EXPECT_EQ(m.not_finite, 20);
  EXPECT_EQ(m.lost, 10);
  EXPECT_TRUE(m.metrics[MetricId::kld_mean].estimate) << "of the others";
  EXPECT_FALSE(deciding(m, MetricId::kld_mean, kSurer));
  EXPECT_FALSE(smallest_detectable(m, MetricId::kld_mean, kSurer));
}

TEST(Summary, a_position_that_is_not_finite_is_counted_and_in_no_metric) {
  Measurement clean = random_measurement(10, 5);
  Measurement broken = clean;
  for (auto& window : broken.windows) {
    Score bad;
    bad.finite = false;
    bad.position = 12;
    window.scores.insert(window.scores.begin(), bad);
  }
  summarize(clean);
  summarize(broken);
  EXPECT_EQ(broken.not_finite, 10);
  EXPECT_EQ(broken.tokens_scored, clean.tokens_scored);
  for (const MetricRow& row : metric_rows()) {
    const auto& estimate = broken.metrics[row.id].estimate;
    const auto& expected = clean.metrics[row.id].estimate;
    ASSERT_EQ(estimate.has_value(), expected.has_value()) << row.name;
    if (!estimate) continue;
    EXPECT_EQ(estimate->value, expected->value) << row.name;
  }

  Measurement all_broken = broken;
  for (auto& window : all_broken.windows)
    for (Score& s : window.scores) s.finite = false;
  summarize(all_broken);
  EXPECT_EQ(all_broken.metrics[MetricId::ppl].absent,
            "fewer than 8 windows have data here, and an interval needs 8");
  EXPECT_EQ(all_broken.tokens_scored, 0);
  for (const MetricRow& row : metric_rows())
    EXPECT_FALSE(all_broken.metrics[row.id].estimate) << row.name;
}

TEST(Summary, buckets_hold_every_position_once) {
  Measurement m = by_hand();
  summarize(m);
  ASSERT_EQ(m.by_position.size(), 3U);  // [2,4) [4,8) [8,16)
  EXPECT_EQ(m.by_position[0].low, 2);
  EXPECT_EQ(m.by_position[0].tokens, 8);
  EXPECT_EQ(m.by_position[1].tokens, 8);
  EXPECT_EQ(m.by_position[2].tokens, 4);
  EXPECT_DOUBLE_EQ(m.by_position[0].kld_mean.estimate->value, 0.625 / 2);
  EXPECT_FALSE(m.by_position[2].kld_mean.estimate);  // 4 windows only reach it
  ASSERT_EQ(m.by_confidence.size(), 5U);
  EXPECT_EQ(m.by_confidence[2].tokens, 16);
  EXPECT_EQ(m.by_confidence[4].tokens, 4);  // 1.0 belongs to the last fifth
}

TEST(Summary, a_second_summary_of_the_same_windows_is_the_first) {
  Measurement m = random_measurement(10, 6);
  summarize(m);
  const Measurement first = m;
  summarize(m);
  EXPECT_EQ(m.by_position.size(), first.by_position.size());
  EXPECT_EQ(m.by_confidence.size(), first.by_confidence.size());
  EXPECT_EQ(m.tokens_scored, first.tokens_scored);
}

TEST(Pairing, differences_are_taken_over_the_windows_both_hold) {
  Measurement a = random_measurement(30, 7);
  Measurement b = a;
  for (auto& window : b.windows)
    for (Score& s : window.scores) {
      s.kld /= 2;
      s.nll_q -= 0.25;
    }
  std::erase_if(a.windows, [](const WindowScores& w) { return w.window % 2 == 0; });
  std::erase_if(b.windows, [](const WindowScores& w) { return w.window < 11; });
  summarize(a);
  summarize(b);
  double kld = 0;
  int windows = 0;
  for (const auto& window : a.windows) {
    if (window.window < 11) continue;
    ++windows;
    for (const Score& s : window.scores) kld += static_cast<double>(s.kld) / 20;
  }
  ASSERT_EQ(windows, 10);
  EXPECT_NEAR(kld_difference(a, 1, b, kSurer)->value, kld / windows / 2, 1e-6);
  const auto twice = kld_difference(a, 2, b, kSurer);  // exactly twice as much in every window
  EXPECT_NEAR(twice->value, 0, 1e-12);
  EXPECT_NEAR(twice->high - twice->low, 0, 1e-12);
  EXPECT_NEAR(ppl_ratio_change(a, b, kSurer)->value, std::expm1(0.25), 1e-12);
  EXPECT_NEAR(ppl_ratio_change(b, a, kSurer)->value, std::expm1(-0.25), 1e-12);
}

TEST(Pairing, an_estimate_and_a_measured_figure_keep_the_whole_of_both_intervals) {
  Measurement a = random_measurement(20, 8);
  const Measurement b = a;
  make_estimate(a, {1, 0.5, 2});
  const auto found = kld_difference(a, 1, b, kSurer);
  const auto measured = deciding(b, MetricId::kld_mean, kSurer);
  ASSERT_TRUE(found && measured);
  EXPECT_NEAR(found->value, 0, 1e-9);
  EXPECT_NEAR(found->low, 0.5 * measured->low - measured->high, 1e-9);
  EXPECT_NEAR(found->high, 2 * measured->high - measured->low, 1e-9);
}

TEST(Pairing, fewer_than_8_common_windows_give_no_difference) {
  Measurement a = random_measurement(20, 8);
  Measurement b = a;
  std::erase_if(a.windows, [](const WindowScores& w) { return w.window > 11; });
  std::erase_if(b.windows, [](const WindowScores& w) { return w.window < 4; });
  EXPECT_TRUE(kld_difference(a, 1, b, kSurer));
  a.windows.pop_back();
  EXPECT_FALSE(kld_difference(a, 1, b, kSurer));
  EXPECT_FALSE(ppl_ratio_change(a, b, kSurer));
  EXPECT_FALSE(kld_difference({}, 1, {}, kSurer));
}

TEST(Pairing, a_position_that_is_not_finite_in_one_is_left_out_of_both) {
  Measurement a = random_measurement(8, 9);
  Measurement b = a;
  for (auto& window : a.windows) window.scores[0].kld = 1000;
  for (auto& window : b.windows) window.scores[0].finite = false;
  EXPECT_EQ(kld_difference(a, 1, b, kSurer)->value, 0);
}

TEST(Pairing, with_a_lost_position_no_difference_is_known) {
  const Measurement whole = random_measurement(8, 9);
  Measurement broken = whole;
  broken.windows[3].scores[0].finite = false;
  broken.windows[3].scores[0].lost = true;
  summarize(broken);
  for (const auto& [a, b] : {std::pair(whole, broken), std::pair(broken, whole)}) {
    EXPECT_FALSE(kld_difference(a, 1, b, kSurer));
    EXPECT_FALSE(ppl_ratio_change(a, b, kSurer));
  }
}

}  // namespace
}  // namespace qualm::evaluate
