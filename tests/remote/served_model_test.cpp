// A server as a candidate, against what is kept of the original.
#include "remote/served_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/pair_world.h"
#include "remote/fake_llama.h"

namespace qualm::remote {
namespace {

using evaluate::AskedRun;
using evaluate::Score;
using evaluate::TextWindows;
using test::fake_text;
using test::FakeBehaviour;
using test::MemoryReference;

/// More tokens than a server lists.
constexpr FakeBehaviour kOriginal{.vocab_size = 400};
constexpr FakeBehaviour kCandidate{.vocab_size = 400, .noise = 0.5};

/// The fake model in a server, and the original.
struct ServedWorld {
  explicit ServedWorld(Lies lies = {}, FakeBehaviour candidate = kCandidate,
                       FakeBehaviour reference = kOriginal)
      : original(reference), fake(candidate, std::move(lies)), served(fake.open()) {}

  Result<AskedRun> run(const TextWindows& text, Progress& progress) {
    return evaluate::score_asked(original, served,
                                 {.text = text, .end = text.count(), .kept = &kept}, progress);
  }
  Result<AskedRun> run(const TextWindows& text) {
    Progress silent;
    return run(text, silent);
  }

  test::FakeMaker original;
  MemoryReference kept;
  FakeLlama fake;
  ServedModel served;
};

/// All scores, in the order read.
std::vector<Score> flat(const std::vector<evaluate::WindowScores>& windows) {
  std::vector<Score> all;
  for (const auto& window : windows)
    all.insert(all.end(), window.scores.begin(), window.scores.end());
  return all;
}

/// Of the same model in process, at the positions that were asked.
std::vector<Score> exact_scores(const TextWindows& text, const AskedRun& run,
                                FakeBehaviour candidate = kCandidate,
                                FakeBehaviour original = kOriginal) {
  test::PairWorld world({candidate}, original);
  const auto exact = world.run(text);
  EXPECT_TRUE(exact);
  evaluate::Measurement all;
  all.windows = exact->candidates[0].windows;
  evaluate::Measurement asked;
  asked.windows = run.scores.windows;
  return flat(evaluate::at_positions_of(all, asked).windows);
}

/// A window of fake_text() has 13 positions, of which every fourth is asked.
void expect_whole(const evaluate::WindowScores& window) {
  EXPECT_GE(window.scores.size(), 3U);
  for (std::size_t i = 1; i < window.scores.size(); ++i)
    EXPECT_EQ(window.scores[i].position, window.scores[i - 1].position + 4);
  EXPECT_GE(window.scores.back().position, 11);
}

TEST(ServedModel, scores_as_the_model_in_process_does) {
  const TextWindows text = fake_text(24, 32);
  ServedWorld world;
  const auto run = world.run(text);
  ASSERT_TRUE(run) << describe(run.error());
  const auto exact = exact_scores(text, *run);
  const auto found = flat(run->scores.windows);
  const auto bounds = flat(run->bounds);
  ASSERT_GT(found.size(), 100U);
  ASSERT_EQ(found.size(), exact.size());
  ASSERT_EQ(bounds.size(), exact.size());
  double off = 0;
  double squares = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    EXPECT_EQ(found[i].position, exact[i].position);
    EXPECT_NEAR(found[i].nll_p, exact[i].nll_p, 1e-6);
    EXPECT_NEAR(found[i].nll_q, exact[i].nll_q, 1e-5);
    EXPECT_NEAR(found[i].delta_p, exact[i].delta_p, 1e-5);
    EXPECT_EQ(found[i].same_top, exact[i].same_top);
    EXPECT_LE(bounds[i].kld, exact[i].kld + 1e-5F);
    const auto difference = static_cast<double>(found[i].kld - exact[i].kld);
    off += difference;
    squares += difference * difference;
  }
  EXPECT_GT(squares, 1e-6) << "something must have been estimated";
  EXPECT_LT(std::abs(off), 4 * std::sqrt(squares));
}

/// But for the thousandth of the mass that is not kept.
TEST(ServedModel, what_it_lists_whole_has_the_exact_kld) {
  const FakeBehaviour small{.vocab_size = 100, .noise = 0.5};
  const TextWindows text = fake_text(8);
  ServedWorld world({}, small, {.vocab_size = 100});
  const auto run = world.run(text);
  ASSERT_TRUE(run) << describe(run.error());
  const auto exact = exact_scores(text, *run, small, {.vocab_size = 100});
  const auto found = flat(run->scores.windows);
  ASSERT_EQ(found.size(), exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(found[i].kld, exact[i].kld, 1e-4);
}

TEST(ServedModel, windows_keep_their_numbers_however_many_are_read_together) {
  const TextWindows text = fake_text(5);
  std::vector<std::vector<Score>> all;
  for (const std::int64_t slots : {1, 3, 20}) {
    ServedWorld world({.slots = slots});
    EXPECT_EQ(world.served.together(), static_cast<std::size_t>(std::min<std::int64_t>(slots, 8)));
    const auto run = world.run(text);
    ASSERT_TRUE(run) << describe(run.error());
    std::vector<std::int32_t> numbers;
    for (const auto& window : run->scores.windows) numbers.push_back(window.window);
    EXPECT_EQ(numbers, text.order);
    all.push_back(flat(run->scores.windows));
  }
  for (std::size_t i = 0; i < all[0].size(); ++i) {
    EXPECT_EQ(all[0][i].kld, all[1][i].kld);
    EXPECT_EQ(all[0][i].kld, all[2][i].kld);
  }
}

TEST(ServedModel, a_position_that_the_original_has_not_is_no_question) {
  ServedWorld world({}, kCandidate, {.vocab_size = 400, .nan_position = 10});
  const auto run = world.run(fake_text(12));
  ASSERT_TRUE(run) << describe(run.error());
  int met = 0;
  for (const Score& score : flat(run->scores.windows)) {
    EXPECT_EQ(score.finite, score.position != 10);
    met += score.position == 10 ? 1 : 0;
  }
  EXPECT_GT(met, 0);
}

TEST(ServedModel, a_server_that_lies_gives_no_figure) {
  ServedWorld world({.heats = true});
  const auto run = world.run(fake_text(2));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, "REMOTE-014");
  EXPECT_EQ(run.error().kind, Kind::undecided);
}

TEST(ServedModel, one_that_dies_leaves_the_windows_that_it_has_read) {
  ServedWorld world({.slots = 1, .dies_after = 40});
  const auto run = world.run(fake_text(20));
  ASSERT_TRUE(run) << describe(run.error());
  EXPECT_GE(run->scores.windows.size(), 1U);
  EXPECT_LT(run->scores.windows.size(), 10U);
  EXPECT_EQ(run->bounds.size(), run->scores.windows.size());
  EXPECT_NE(run->cut_off.find("REMOTE-002"), std::string::npos) << run->cut_off;
  EXPECT_FALSE(run->cancelled);
  for (const auto& window : run->scores.windows) expect_whole(window);
}

TEST(ServedModel, one_that_gives_no_window_is_an_error) {
  ServedWorld world({.slots = 1, .dies_after = 15});
  const auto run = world.run(fake_text(20));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, "REMOTE-002");
}

TEST(ServedModel, a_stop_leaves_whole_windows_alone) {
  for (const std::int64_t slots : {1, 2})
    for (const int looks : {1, 2, 3, 20, 40}) {
      ServedWorld world({.slots = slots});
      test::StopAfter stop(looks);
      const auto run = world.run(fake_text(60), stop);
      ASSERT_TRUE(run) << describe(run.error());
      EXPECT_TRUE(run->cancelled);
      EXPECT_EQ(run->cut_off, "");
      EXPECT_LT(run->scores.windows.size(), 60U);
      for (const auto& window : run->scores.windows) expect_whole(window);
    }
}

}  // namespace
}  // namespace qualm::remote
