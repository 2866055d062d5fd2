// When score_pairs stops, what it remembers, and that neither changes the answer.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/score_pairs.h"
#include "pair_world.h"

namespace qualm::evaluate {
namespace {

using test::fake_text;
using test::FakeBehaviour;
using test::PairWorld;

constexpr StopRule kKldRule{StopRule::Quantity::kld_mean, 0.01, 16};
const FakeBehaviour kHarmless{.noise = 0.01};
const FakeBehaviour kSlightly{.noise = 0.2, .noise_seed = 5};
const FakeBehaviour kTerrible{.noise = 3};

std::vector<std::int32_t> indices(const PairScores& scores) {
  std::vector<std::int32_t> out;
  for (const auto& window : scores.windows) out.push_back(window.window);
  return out;
}

void expect_same(const PairScores& a, const PairScores& b) {
  ASSERT_EQ(indices(a), indices(b));
  EXPECT_EQ(a.stopped_early, b.stopped_early);
  for (std::size_t w = 0; w < a.windows.size(); ++w) {
    ASSERT_EQ(a.windows[w].scores.size(), b.windows[w].scores.size());
    for (std::size_t i = 0; i < a.windows[w].scores.size(); ++i) {
      EXPECT_EQ(a.windows[w].scores[i].kld, b.windows[w].scores[i].kld);
      EXPECT_EQ(a.windows[w].scores[i].nll_q, b.windows[w].scores[i].nll_q);
    }
  }
}

/// Noise whose kld lies so near the line that it takes more windows than the least.
FakeBehaviour near_the_line() { return {.noise = 0.272, .noise_seed = 5}; }

TEST(Stopping, a_model_against_itself_is_decided_at_the_first_window_allowed) {
  for (const auto quantity : {StopRule::Quantity::kld_mean, StopRule::Quantity::ppl_change}) {
    PairWorld world({FakeBehaviour{}});
    const auto run = world.run(fake_text(100), {quantity, 0.01, 16});
    ASSERT_TRUE(run);
    EXPECT_EQ(run->candidates[0].windows.size(), 32U);  // each stratum twice
    EXPECT_TRUE(run->candidates[0].stopped_early);
    for (const auto& window : run->candidates[0].windows)
      for (const Score& score : window.scores) EXPECT_EQ(score.kld, 0.0F);
  }
}

TEST(Stopping, every_candidate_leaves_when_its_own_question_is_answered) {
  PairWorld world({kHarmless, near_the_line(), kTerrible});
  const auto run = world.run(fake_text(200), kKldRule);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 32U);
  EXPECT_TRUE(run->candidates[0].stopped_early);
  EXPECT_GT(run->candidates[1].windows.size(), 40U);
  EXPECT_LE(run->candidates[2].windows.size(), 32U);
  EXPECT_EQ(world.makers[0].counts().windows, 32);
  EXPECT_EQ(world.baseline.counts().windows, world.makers[1].counts().windows);
}

TEST(Stopping, without_a_rule_all_is_read_and_nothing_stopped_early) {
  PairWorld world({kTerrible});
  const auto run = world.run(fake_text(50));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 50U);
  EXPECT_FALSE(run->candidates[0].stopped_early);
}

TEST(Stopping, an_answer_at_the_last_window_did_not_come_early) {
  PairWorld world({kHarmless});
  const auto run = world.run(fake_text(16), kKldRule);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 16U);
  EXPECT_FALSE(run->candidates[0].stopped_early);
}

TEST(Stopping, the_least_number_of_windows_is_kept) {
  PairWorld world({kHarmless});
  const auto run = world.run(fake_text(100), {StopRule::Quantity::kld_mean, 0.01, 41});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 41U);
}

TEST(Stopping, the_answer_does_not_depend_on_how_many_windows_run_together) {
  const TextWindows text = fake_text(200);
  PairWorld one_by_one({near_the_line(), kHarmless}, {.windows_per_call = 1});
  const auto expected = one_by_one.run(text, kKldRule);
  ASSERT_TRUE(expected);
  for (const std::int32_t together : {2, 3, 7, 50}) {
    FakeBehaviour many = near_the_line();
    FakeBehaviour harmless = kHarmless;
    FakeBehaviour baseline;
    for (FakeBehaviour* how : {&many, &harmless, &baseline}) {
      how->windows_per_call = together;
      how->tokens_per_call = 16 * together;
    }
    PairWorld world({many, harmless}, baseline);
    const auto run = world.run(text, kKldRule);
    ASSERT_TRUE(run);
    for (std::size_t c = 0; c < 2; ++c) expect_same(run->candidates[c], expected->candidates[c]);
  }
}

TEST(Stopping, windows_without_a_finite_position_are_no_evidence_of_no_loss) {
  TextWindows text = fake_text(40);
  text.first = 9;
  text.last = 10;  // the one scored position is the one that is NaN
  PairWorld world({FakeBehaviour{.nan_position = 9}}, {.nan_position = 9});
  const auto run = world.run(text, kKldRule);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 40U);
  EXPECT_FALSE(run->candidates[0].stopped_early);
}

TEST(Stopping, a_position_that_the_candidate_lost_is_told_without_reading_on) {
  PairWorld world({FakeBehaviour{.nan_position = 9}});
  const auto run = world.run(fake_text(100), {StopRule::Quantity::kld_mean, 0.01, 0});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 8U);
  EXPECT_TRUE(run->candidates[0].stopped_early);
  EXPECT_FALSE(run->candidates[0].stopped) << "no interval decided";
}

TEST(Stopping, the_interval_that_decided_lies_on_one_side_of_the_threshold) {
  PairWorld world({kHarmless, kTerrible});
  const auto run = world.run(fake_text(200), kKldRule);
  ASSERT_TRUE(run);
  ASSERT_TRUE(run->candidates[0].stopped && run->candidates[1].stopped);
  EXPECT_EQ(run->candidates[0].stopped->watched, MetricId::kld_mean);
  EXPECT_LT(run->candidates[0].stopped->interval.high, 0.01);
  EXPECT_GT(run->candidates[1].stopped->interval.low, 0.01);
  PairWorld ppl({kTerrible});
  const auto by_ppl = ppl.run(fake_text(200), {StopRule::Quantity::ppl_change, 0.01, 16});
  ASSERT_TRUE(by_ppl->candidates[0].stopped);
  EXPECT_EQ(by_ppl->candidates[0].stopped->watched, MetricId::ppl_change);
  EXPECT_GT(by_ppl->candidates[0].stopped->interval.low, 0.01);
}

TEST(Stopping, a_surer_decision_reads_on_longer) {
  StopRule sure = kKldRule;
  sure.confidence = 1 - 0.05 / 6;
  PairWorld a({near_the_line()});
  PairWorld b({near_the_line()});
  const auto usual = a.run(fake_text(400), kKldRule);
  const auto longer = b.run(fake_text(400), sure);
  EXPECT_GT(longer->candidates[0].windows.size(), usual->candidates[0].windows.size());
}

TEST(Remembering, a_store_that_knows_everything_spares_every_model) {
  const TextWindows text = fake_text(20);
  PairWorld first({kSlightly, kTerrible});
  const auto expected = first.run(text);
  ASSERT_TRUE(expected);
  PairWorld again({kSlightly, kTerrible});
  again.store = first.store;
  const auto run = again.run(text);
  ASSERT_TRUE(run);
  EXPECT_EQ(again.baseline.counts().opened, 0);
  EXPECT_EQ(again.makers[0].counts().opened, 0);
  EXPECT_EQ(run->windows_run, 0);
  for (std::size_t c = 0; c < 2; ++c) expect_same(run->candidates[c], expected->candidates[c]);
}

TEST(Remembering, only_the_candidate_that_lacks_a_window_runs_it) {
  const TextWindows text = fake_text(20);
  PairWorld first({kSlightly, kTerrible});
  ASSERT_TRUE(first.run(text));
  PairWorld again({kSlightly, kTerrible});
  again.store = first.store;
  again.store.forget("c1", 3);
  again.store.forget("c1", 11);
  ASSERT_TRUE(again.run(text));
  EXPECT_EQ(again.makers[0].counts().opened, 0);
  EXPECT_EQ(again.makers[1].counts().windows, 2);
  EXPECT_EQ(again.baseline.counts().windows, 2);
}

TEST(Remembering, a_cancelled_run_keeps_what_is_done) {
  const test::StopAfter three(3);
  PairWorld world({kSlightly});
  test::StopAfter progress = three;
  world.progress = &progress;
  const auto run = world.run(fake_text(20));
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->cancelled);
  EXPECT_EQ(run->candidates[0].windows.size(), 6U);  // three calls of two windows
  EXPECT_FALSE(run->candidates[0].stopped_early);
  EXPECT_EQ(world.store.size(), 6U);
}

TEST(Remembering, a_resumed_run_is_the_run_that_was_never_interrupted) {
  const TextWindows text = fake_text(200);
  PairWorld whole({near_the_line()});
  const auto expected = whole.run(text, kKldRule);
  ASSERT_TRUE(expected);
  ASSERT_TRUE(expected->candidates[0].stopped_early);
  for (const int looks : {0, 1, 5, 9, 20}) {
    PairWorld interrupted({near_the_line()});
    test::StopAfter progress(looks);
    interrupted.progress = &progress;
    ASSERT_TRUE(interrupted.run(text, kKldRule));
    PairWorld resumed({near_the_line()});
    resumed.store = interrupted.store;
    const auto run = resumed.run(text, kKldRule);
    ASSERT_TRUE(run);
    expect_same(run->candidates[0], expected->candidates[0]);
    EXPECT_EQ(resumed.makers[0].counts().windows + static_cast<std::int64_t>(2 * looks),
              whole.makers[0].counts().windows);
  }
}

}  // namespace
}  // namespace qualm::evaluate
