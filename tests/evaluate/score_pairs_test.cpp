#include "evaluate/score_pairs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/follower.h"
#include "pair_world.h"
#include "reference_score.h"

namespace qualm::evaluate {
namespace {

using test::fake_logits;
using test::fake_text;
using test::FakeBehaviour;
using test::PairWorld;

const FakeBehaviour kSlight{.noise = 0.2, .noise_seed = 5};

TEST(ScorePairs, every_scored_position_is_what_the_definition_says) {
  const TextWindows text = fake_text(5);
  PairWorld world({kSlight});
  const auto run = world.run(text);
  ASSERT_TRUE(run);
  const auto& read = run->candidates[0].windows;
  ASSERT_EQ(read.size(), 5U);
  for (std::size_t w = 0; w < read.size(); ++w) {
    EXPECT_EQ(read[w].window, text.order[w]);
    const auto tokens = text.window(read[w].window);
    ASSERT_EQ(read[w].scores.size(), 13U);  // positions 2 to 14 of 16
    for (std::size_t i = 0; i < read[w].scores.size(); ++i) {
      const Score& score = read[w].scores[i];
      ASSERT_EQ(score.position, static_cast<std::int32_t>(i) + 2);
      const auto at = static_cast<std::size_t>(score.position);
      const auto p = fake_logits({}, tokens[at], score.position);
      const auto q = fake_logits(kSlight, tokens[at], score.position);
      const auto truth = test::reference_score(p, q, tokens[at + 1]);
      EXPECT_NEAR(score.nll_p, static_cast<double>(truth.nll_p), 1e-12);
      EXPECT_NEAR(score.nll_q, static_cast<double>(truth.nll_q), 1e-12);
      EXPECT_NEAR(static_cast<double>(score.kld), static_cast<double>(truth.kld), 1e-8);
    }
  }
}

TEST(ScorePairs, several_candidates_share_one_pass_of_the_baseline) {
  PairWorld world({kSlight, {.noise = 1}, {.noise = 2}});
  const auto run = world.run(fake_text(7));
  ASSERT_TRUE(run);
  EXPECT_EQ(world.baseline.counts().windows, 7);
  EXPECT_EQ(world.baseline.counts().opened, 1);
  EXPECT_EQ(world.baseline.counts().calls, 4);  // 2 windows a call
  for (const auto& maker : world.makers) EXPECT_EQ(maker.counts().windows, 7);
  EXPECT_EQ(run->windows_run, 7 * 4);
}

/// Ends a reading after so many windows, and remembers the last that it heard.
class EndAfter final : public Follower {
 public:
  explicit EndAfter(std::int64_t windows) : windows_(windows) {}
  void reached(const Reached& now) override {
    read = now.windows.size();
    original = now.original.windows;
    candidates = now.candidates.windows;
  }
  bool enough(std::int64_t windows) override { return windows >= windows_; }

  std::size_t read = 0;
  std::int64_t original = 0;
  std::int64_t candidates = 0;

 private:
  std::int64_t windows_;
};

TEST(ScorePairs, a_follower_hears_what_was_read_and_may_end_it) {
  PairWorld world({kSlight});
  EndAfter follower(3);
  const auto run = world.run(fake_text(7), {.follower = &follower});
  ASSERT_TRUE(run);
  const auto read = run->candidates[0].windows.size();
  EXPECT_EQ(read, 4U) << "2 windows a call";
  EXPECT_FALSE(run->candidates[0].stopped_early) << "nothing was decided";
  EXPECT_FALSE(run->cancelled);
  EXPECT_EQ(follower.read, read);
  EXPECT_EQ(follower.original, 4);
  EXPECT_EQ(follower.candidates, 4);
}

TEST(ScorePairs, a_candidate_leaves_when_it_has_the_windows_it_was_asked_for) {
  PairWorld world({kSlight, {.noise = 1}});
  world.candidates[1].at_most = 3;
  const auto run = world.run(fake_text(7));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 7U);
  EXPECT_EQ(run->candidates[1].windows.size(), 3U);
  EXPECT_FALSE(run->candidates[1].stopped_early);
  EXPECT_EQ(world.makers[1].counts().windows, 3);
  EXPECT_EQ(world.baseline.counts().windows, 7);
  EXPECT_EQ(run->windows_run, 7 * 2 + 3);
}

TEST(ScorePairs, an_optional_candidate_that_does_not_open_is_left_out_and_says_why) {
  PairWorld world({kSlight, {.refuse_to_open = true}});
  EXPECT_EQ(world.run(fake_text(4)).error().code, "FAKE-002");
  world.candidates[1].optional = true;
  const auto run = world.run(fake_text(4));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->candidates[0].windows.size(), 4U);
  EXPECT_TRUE(run->candidates[1].windows.empty());
  EXPECT_EQ(run->candidates[1].unavailable, "a fake that refuses to open");
}

TEST(ScorePairs, pieces_of_windows_give_the_same_as_whole_windows) {
  const TextWindows text = fake_text(5);
  PairWorld whole({kSlight});
  const auto expected = whole.run(text);
  ASSERT_TRUE(expected);
  for (const std::int32_t tokens : {1, 3, 5, 7, 16, 32}) {
    for (const std::int32_t windows : {1, 2}) {
      if (tokens < windows) continue;
      FakeBehaviour small = kSlight;
      FakeBehaviour small_baseline;
      small.tokens_per_call = small_baseline.tokens_per_call = tokens;
      small.windows_per_call = small_baseline.windows_per_call = windows;
      PairWorld pieces({small}, small_baseline);
      const auto run = pieces.run(text);
      ASSERT_TRUE(run) << describe(run.error());
      EXPECT_EQ(pieces.makers[0].counts().tokens, 5 * 16);
      for (std::size_t w = 0; w < 5; ++w) {
        const auto& a = run->candidates[0].windows[w].scores;
        const auto& b = expected->candidates[0].windows[w].scores;
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
          EXPECT_EQ(a[i].kld, b[i].kld);
          EXPECT_EQ(a[i].nll_q, b[i].nll_q);
          EXPECT_EQ(a[i].position, b[i].position);
        }
      }
    }
  }
}

TEST(ScorePairs, only_the_windows_asked_for_are_run) {
  const TextWindows text = fake_text(10);
  PairWorld world({kSlight});
  const auto run =
      score_pairs(world.baseline, world.candidates, {text, 3, 6}, world.store, *world.progress);
  ASSERT_TRUE(run);
  ASSERT_EQ(run->candidates[0].windows.size(), 3U);
  for (std::size_t w = 0; w < 3; ++w)
    EXPECT_EQ(run->candidates[0].windows[w].window, text.order[w + 3]);
  EXPECT_EQ(world.baseline.counts().windows, 3);
}

TEST(ScorePairs, no_windows_or_no_candidates_open_nothing) {
  const TextWindows text = fake_text(3);
  PairWorld world({kSlight});
  ASSERT_TRUE(
      score_pairs(world.baseline, world.candidates, {text, 2, 2}, world.store, *world.progress));
  ASSERT_TRUE(score_pairs(world.baseline, {}, {text, 0, 3}, world.store, *world.progress));
  EXPECT_EQ(world.baseline.counts().opened, 0);
}

TEST(ScorePairs, a_nan_is_a_position_that_is_not_finite_and_nothing_else) {
  PairWorld world({FakeBehaviour{.noise = 0.2, .nan_position = 9}});
  const auto run = world.run(fake_text(3));
  ASSERT_TRUE(run);
  for (const auto& window : run->candidates[0].windows)
    for (const Score& score : window.scores) {
      EXPECT_EQ(score.finite, score.position != 9);
      EXPECT_EQ(score.lost, score.position == 9);
    }
}

TEST(ScorePairs, where_the_original_is_not_finite_the_candidate_lost_nothing) {
  PairWorld world({FakeBehaviour{.noise = 0.2, .nan_position = 9}, FakeBehaviour{}},
                  {.nan_position = 9});
  const auto run = world.run(fake_text(3));
  ASSERT_TRUE(run);
  for (const auto& candidate : run->candidates)
    for (const auto& window : candidate.windows)
      for (const Score& score : window.scores) {
        EXPECT_EQ(score.finite, score.position != 9);
        EXPECT_FALSE(score.lost);
      }
}

TEST(ScorePairs, a_failure_of_either_model_is_the_answer) {
  const TextWindows text = fake_text(5);
  PairWorld broken_candidate({kSlight, {.fail_from_call = 1}});
  const auto a = broken_candidate.run(text);
  ASSERT_FALSE(a);
  EXPECT_EQ(a.error().code, "FAKE-001");
  EXPECT_EQ(broken_candidate.store.size(), 4U);  // what was finished is kept

  PairWorld broken_baseline({kSlight}, {.fail_from_call = 0});
  EXPECT_EQ(broken_baseline.run(text).error().code, "FAKE-001");
  EXPECT_EQ(broken_baseline.makers[0].counts().calls, 0);

  PairWorld refused({FakeBehaviour{.refuse_to_open = true}});
  EXPECT_EQ(refused.run(text).error().code, "FAKE-002");
}

TEST(ScorePairs, a_candidate_with_another_vocabulary_is_refused_before_it_runs) {
  PairWorld world({FakeBehaviour{.vocab_size = 17}});
  const auto run = world.run(fake_text(3));
  ASSERT_FALSE(run);
  EXPECT_EQ(describe(run.error()),
            "error[EVAL-011] vocabulary: expected 16 tokens, as the baseline has, found 17 "
            "tokens.");
  EXPECT_EQ(world.makers[0].counts().calls, 0);
}

}  // namespace
}  // namespace qualm::evaluate
