// score_pairs with a Reference: the original's windows run once.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/kept_check.h"
#include "evaluate/score_pairs.h"
#include "pair_world.h"

namespace qualm::evaluate {
namespace {

using test::fake_text;
using test::MemoryReference;
using test::PairWorld;

/// A vocabulary of which a part is left to the draws.
constexpr std::int64_t kVocabulary = 6000;
const test::FakeBehaviour kOriginal{.vocab_size = kVocabulary};

Result<PairRun> run(PairWorld& world, const TextWindows& text, Reference* kept) {
  return score_pairs(world.baseline, world.candidates,
                     {.text = text, .end = text.count(), .kept = kept}, world.store,
                     *world.progress);
}

TEST(KeptOriginal, runs_once_for_all_candidates_that_come_after_each_other) {
  MemoryReference kept;
  const TextWindows text = fake_text(5);
  PairWorld first({{.vocab_size = kVocabulary, .noise = 0.2}}, kOriginal);
  ASSERT_TRUE(run(first, text, &kept));
  EXPECT_EQ(first.baseline.counts().windows, 5);
  PairWorld second({{.vocab_size = kVocabulary, .noise = 1}}, kOriginal);
  const auto found = run(second, text, &kept);
  ASSERT_TRUE(found);
  EXPECT_EQ(second.baseline.counts().opened, 0);
  EXPECT_EQ(found->windows_run, 5);
}

TEST(KeptOriginal, runs_only_windows_that_are_not_known_yet) {
  MemoryReference kept;
  const TextWindows text = fake_text(6);
  PairWorld first({{.vocab_size = kVocabulary, .noise = 0.2}}, kOriginal);
  first.candidates[0].at_most = 2;
  ASSERT_TRUE(run(first, text, &kept));
  PairWorld second({{.vocab_size = kVocabulary, .noise = 1}}, kOriginal);
  ASSERT_TRUE(run(second, text, &kept));
  EXPECT_EQ(second.baseline.counts().windows, 4);
}

TEST(KeptOriginal, of_each_fourth_position_alone_gives_the_scores_that_these_have_among_all) {
  TextWindows text = fake_text(2);
  const test::FakeBehaviour candidate{.vocab_size = kVocabulary, .noise = 0.3};
  for (const bool keeps : {false, true}) {
    MemoryReference of_all;
    MemoryReference of_few;
    PairWorld all({candidate}, kOriginal);
    PairWorld few({candidate}, kOriginal);
    text.stride = 1;
    const auto everywhere = run(all, text, keeps ? &of_all : nullptr);
    text.stride = 4;
    const auto thinned = run(few, text, keeps ? &of_few : nullptr);
    ASSERT_TRUE(everywhere && thinned);
    for (std::size_t w = 0; w < 2; ++w) {
      const auto& scores = thinned->candidates[0].windows[w].scores;
      ASSERT_EQ(scores.size(), 4U);  // 13 positions, 2 to 14
      for (std::size_t i = 0; i < scores.size(); ++i) {
        const Score& same = everywhere->candidates[0].windows[w].scores[4 * i];
        EXPECT_EQ(scores[i].position, same.position);
        EXPECT_EQ(scores[i].kld, same.kld);
        EXPECT_EQ(scores[i].nll_q, same.nll_q);
      }
    }
  }
}

TEST(KeptOriginal, gives_the_same_scores_as_a_live_one_but_for_the_draws) {
  const TextWindows text = fake_text(4);
  const test::FakeBehaviour candidate{.vocab_size = kVocabulary, .noise = 0.3};
  MemoryReference kept;
  PairWorld live({candidate}, kOriginal);
  PairWorld once({candidate}, kOriginal);
  const auto exact = run(live, text, nullptr);
  const auto estimated = run(once, text, &kept);
  ASSERT_TRUE(exact && estimated);
  double sum = 0;
  double truth = 0;
  for (std::size_t w = 0; w < 4; ++w)
    for (std::size_t i = 0; i < exact->candidates[0].windows[w].scores.size(); ++i) {
      const Score& a = exact->candidates[0].windows[w].scores[i];
      const Score& b = estimated->candidates[0].windows[w].scores[i];
      EXPECT_NEAR(a.nll_p, b.nll_p, 1e-9);
      EXPECT_NEAR(a.nll_q, b.nll_q, 1e-9);
      EXPECT_EQ(a.same_top, b.same_top);
      EXPECT_EQ(a.position, b.position);
      EXPECT_NEAR(static_cast<double>(a.kld), static_cast<double>(b.kld), 0.05);
      truth += static_cast<double>(a.kld);
      sum += static_cast<double>(b.kld);
    }
  EXPECT_GT(kept.kept.begin()->second->rows.front().rest, 0.01);  // or this shows nothing
  EXPECT_NEAR(sum, truth, 0.01 * truth);
}

/// The mean KLD of these windows.
double mean_kld(std::span<const WindowScores> windows) {
  double sum = 0;
  double positions = 0;
  for (const WindowScores& window : windows)
    for (const Score& score : window.scores) {
      if (!score.finite) continue;
      sum += static_cast<double>(score.kld);
      ++positions;
    }
  return sum / positions;
}

TEST(KeptOriginal, is_checked_against_exact_rows_on_its_first_two_windows) {
  const TextWindows text = fake_text(5);
  for (const std::int32_t tokens_per_call : {5, 64}) {  // less than a window, and several
    const std::vector<test::FakeBehaviour> both{
        {.vocab_size = kVocabulary, .noise = 0.3, .tokens_per_call = tokens_per_call},
        {.vocab_size = kVocabulary, .noise = 1}};
    MemoryReference kept;
    PairWorld live(both, kOriginal);
    PairWorld once(both, kOriginal);
    const auto exact = run(live, text, nullptr);
    const auto estimated = run(once, text, &kept);
    ASSERT_TRUE(exact && estimated);
    for (const std::size_t c : {0U, 1U}) {
      EXPECT_FALSE(exact->candidates[c].kept_error) << "it is exact anyway";
      const auto& error = estimated->candidates[c].kept_error;
      ASSERT_TRUE(error);
      EXPECT_EQ(error->windows, 2);
      const auto first = [&](const PairRun& of) {
        return mean_kld(std::span(of.candidates[c].windows).first(2));
      };
      EXPECT_NEAR(error->exact, first(*exact), 1e-9);
      EXPECT_NEAR(error->estimated, first(*estimated), 1e-9);
      ASSERT_TRUE(error->difference.estimate);
      EXPECT_NEAR(error->difference.estimate->value, error->estimated - error->exact, 1e-9);
      EXPECT_NE(error->estimated, error->exact);
      const auto again = kept_error(std::span(exact->candidates[c].windows).first(2),
                                    std::span(estimated->candidates[c].windows).first(2));
      ASSERT_TRUE(again) << "of scores at hand it is the same";
      EXPECT_EQ(again->windows, 2);
      EXPECT_EQ(again->exact, error->exact);
      EXPECT_EQ(again->difference.estimate->high, error->difference.estimate->high);
      EXPECT_LT(error->difference.estimate->low, error->difference.estimate->high);
    }
  }
}

TEST(KeptOriginal, is_not_checked_where_it_was_not_run) {
  const TextWindows text = fake_text(3);
  MemoryReference kept;
  PairWorld first({{.vocab_size = kVocabulary, .noise = 0.2}}, kOriginal);
  ASSERT_TRUE(run(first, text, &kept));
  PairWorld second({{.vocab_size = kVocabulary, .noise = 1}}, kOriginal);
  const auto found = run(second, text, &kept);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->candidates[0].kept_error);
}

TEST(KeptOriginal, leaves_positions_without_finite_logits_out_of_the_check) {
  const TextWindows text = fake_text(2);
  MemoryReference kept;
  const test::FakeBehaviour broken{.vocab_size = kVocabulary, .noise = 0.2, .nan_position = 8};
  PairWorld live({broken}, kOriginal);
  PairWorld once({broken}, kOriginal);
  const auto exact = run(live, text, nullptr);
  const auto found = run(once, text, &kept);
  ASSERT_TRUE(exact && found && found->candidates[0].kept_error);
  EXPECT_NEAR(found->candidates[0].kept_error->exact, mean_kld(exact->candidates[0].windows), 1e-9);
}

TEST(KeptOriginal, draws_the_same_tokens_however_the_windows_were_called) {
  const TextWindows text = fake_text(4);
  MemoryReference kept[2];
  for (const int k : {0, 1}) {
    PairWorld world({{.vocab_size = kVocabulary, .noise = 1, .windows_per_call = k + 1}},
                    {.vocab_size = kVocabulary, .tokens_per_call = 64, .windows_per_call = 2});
    ASSERT_TRUE(run(world, text, &kept[k]));
  }
  for (const auto& [window, rows] : kept[0].kept)
    for (std::size_t i = 0; i < rows->rows.size(); ++i)
      for (std::size_t d = 0; d < kDraws; ++d)
        ASSERT_EQ(rows->rows[i].drawn[d].token, kept[1].kept.at(window)->rows[i].drawn[d].token);
}

/// How many sources of both sides are open at the same time.
class CountedMaker final : public SourceMaker {
 public:
  CountedMaker(SourceMaker& maker, int& open, int& most)
      : maker_(maker), open_(open), most_(most) {}
  Result<std::unique_ptr<engine::LogitSource>> open() override {
    QUALM_TRY(auto source, maker_.open());
    return std::make_unique<Counted>(std::move(source), open_, most_);
  }

 private:
  class Counted final : public engine::LogitSource {
   public:
    Counted(std::unique_ptr<engine::LogitSource> source, int& open, int& most)
        : source_(std::move(source)), open_(open) {
      most = std::max(most, ++open_);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() override { --open_; }
    std::int64_t vocab_size() const noexcept override { return source_->vocab_size(); }
    std::int32_t tokens_per_call() const noexcept override { return source_->tokens_per_call(); }
    std::int32_t windows_per_call() const noexcept override { return source_->windows_per_call(); }
    Result<std::span<const float>> logits(std::span<const engine::Piece> pieces) override {
      return source_->logits(pieces);
    }

   private:
    std::unique_ptr<engine::LogitSource> source_;
    int& open_;
  };

  SourceMaker& maker_;
  int& open_;
  int& most_;
};

Result<PairRun> run_apart(PairWorld& world, const TextWindows& text, Reference& kept, int& most) {
  int open = 0;
  CountedMaker original(world.baseline, open, most);
  CountedMaker candidate(world.makers[0], open, most);
  world.candidates[0].source = &candidate;
  return score_pairs(original, world.candidates,
                     {.text = text, .end = text.count(), .kept = &kept, .original_ahead = 3},
                     world.store, *world.progress);
}

TEST(KeptOriginal, read_ahead_is_never_open_beside_a_candidate_and_gives_the_same_scores) {
  const TextWindows text = fake_text(8);
  const test::FakeBehaviour candidate{.vocab_size = kVocabulary, .noise = 0.3};
  MemoryReference kept[2];
  PairWorld beside({candidate}, kOriginal);
  PairWorld apart({candidate}, kOriginal);
  const auto usual = run(beside, text, &kept[0]);
  int most = 0;
  const auto found = run_apart(apart, text, kept[1], most);
  ASSERT_TRUE(usual && found);
  EXPECT_EQ(most, 1);
  EXPECT_EQ(apart.baseline.counts().opened, 3);  // windows 0 to 2, 3 to 5, 6 and 7
  EXPECT_EQ(apart.baseline.counts().windows, 8);
  EXPECT_EQ(found->windows_run, usual->windows_run);
  for (std::size_t w = 0; w < 8; ++w)
    for (std::size_t i = 0; i < usual->candidates[0].windows[w].scores.size(); ++i)
      EXPECT_EQ(found->candidates[0].windows[w].scores[i].kld,
                usual->candidates[0].windows[w].scores[i].kld);
}

TEST(KeptOriginal, read_ahead_stops_where_the_candidate_does) {
  const TextWindows text = fake_text(8);
  MemoryReference kept;
  PairWorld world({{.vocab_size = kVocabulary, .noise = 0.3}}, kOriginal);
  world.candidates[0].at_most = 2;
  int most = 0;
  ASSERT_TRUE(run_apart(world, text, kept, most));
  EXPECT_EQ(world.baseline.counts().windows, 2);
}

TEST(KeptOriginal, of_another_vocabulary_is_refused_before_a_candidate_runs) {
  MemoryReference kept;
  const TextWindows text = fake_text(3);
  PairWorld first({{.vocab_size = kVocabulary}}, kOriginal);
  ASSERT_TRUE(run(first, text, &kept));
  PairWorld other({{.vocab_size = 20}}, kOriginal);
  const auto refused = run(other, text, &kept);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "EVAL-011");
  EXPECT_EQ(other.makers[0].counts().calls, 0);
}

TEST(KeptOriginal, with_another_number_of_positions_is_run_again) {
  MemoryReference kept;
  const TextWindows text = fake_text(3);
  for (std::int32_t w = 0; w < 3; ++w)
    kept.keep(w, std::make_shared<KeptWindow>(KeptWindow{kVocabulary, std::vector<KeptRow>(2)}));
  PairWorld world({{.vocab_size = kVocabulary}}, kOriginal);
  ASSERT_TRUE(run(world, text, &kept));
  EXPECT_EQ(world.baseline.counts().windows, 3);
}

}  // namespace
}  // namespace qualm::evaluate
