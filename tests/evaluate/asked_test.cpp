// When a candidate that is asked is asked no more.
#include "evaluate/asked.h"

#include <gtest/gtest.h>

#include "evaluate/follower.h"
#include "pair_world.h"

namespace qualm::evaluate {
namespace {

using test::fake_text;
using test::MemoryReference;

/// Says the same KLD everywhere, of two windows at a time.
class FakeAsked final : public AskedCandidate {
 public:
  explicit FakeAsked(float kld) : kld_(kld) {}
  std::size_t together() const noexcept override { return 2; }
  Result<AskedScores> ask(const TextWindows& text, std::span<const std::int32_t> windows,
                          Reference& kept, Progress& /*progress*/) override {
    if (asked.size() >= fails_from)
      return fail({failure, "FAKE-003", "http://fake", "", "", "a fake that was told to fail", ""});
    AskedScores all;
    for (const std::int32_t window : windows) {
      EXPECT_TRUE(kept.find(window)) << "the original is read first";
      asked.push_back(window);
      WindowScores scores{window, {}};
      for (std::int32_t p = text.first; p < text.last; ++p)
        scores.scores.push_back({.nll_p = 2, .nll_q = 2, .kld = kld_, .position = p});
      all.windows.push_back(scores);
      all.bounds.push_back(scores);
    }
    return all;
  }
  std::vector<std::int32_t> asked;
  std::size_t fails_from = 1000;
  Kind failure = Kind::input;

 private:
  float kld_;
};

class EnoughAfter final : public Follower {
 public:
  explicit EnoughAfter(std::int64_t windows) : windows_(windows) {}
  void reached(const Reached& now) override { seen.push_back(now.windows.size()); }
  bool enough(std::int64_t windows) override { return windows >= windows_; }
  std::vector<std::size_t> seen;

 private:
  std::int64_t windows_;
};

struct AskedWorld {
  Result<AskedRun> run(const TextWindows& text, const StopRule& rule = {}) {
    return score_asked(original, candidate,
                       {.text = text, .end = text.count(), .rule = rule, .kept = &kept}, *progress);
  }
  test::FakeMaker original{{}};
  MemoryReference kept;
  FakeAsked candidate{0.001F};
  Progress silent;
  Progress* progress = &silent;
};

TEST(Asked, all_windows_are_read_in_the_order_of_the_text) {
  AskedWorld world;
  const TextWindows text = fake_text(7);
  const auto run = world.run(text);
  ASSERT_TRUE(run);
  EXPECT_EQ(world.candidate.asked, text.order);
  EXPECT_EQ(run->bounds.size(), 7U);
  EXPECT_EQ(run->windows_run, 14);
  EXPECT_FALSE(run->scores.stopped_early);
  EXPECT_FALSE(run->cancelled);
  EXPECT_EQ(run->cut_off, "");
}

TEST(Asked, it_stops_where_its_question_is_answered) {
  AskedWorld world;
  const auto run = world.run(fake_text(100), {StopRule::Quantity::kld_mean, 0.01, 16});
  ASSERT_TRUE(run);
  EXPECT_EQ(run->scores.windows.size(), 32U);  // each stratum twice
  EXPECT_EQ(run->bounds.size(), 32U);
  EXPECT_TRUE(run->scores.stopped_early);
  ASSERT_TRUE(run->scores.stopped);
  EXPECT_LT(run->scores.stopped->interval.high, 0.01);
}

TEST(Asked, a_follower_may_end_it) {
  AskedWorld world;
  EnoughAfter follower(5);
  const auto run = world.run(fake_text(100), {.follower = &follower});
  ASSERT_TRUE(run);
  EXPECT_EQ(follower.seen, (std::vector<std::size_t>{2, 4, 6}));
  EXPECT_EQ(run->scores.windows.size(), 6U);
  EXPECT_FALSE(run->scores.stopped_early);
}

TEST(Asked, a_server_that_fails_leaves_what_it_said) {
  AskedWorld world;
  world.candidate.fails_from = 4;
  const auto run = world.run(fake_text(10));
  ASSERT_TRUE(run);
  EXPECT_EQ(run->scores.windows.size(), 4U);
  EXPECT_NE(run->cut_off.find("FAKE-003"), std::string::npos);
  EXPECT_FALSE(run->cancelled);
}

TEST(Asked, one_that_said_nothing_is_an_error) {
  AskedWorld world;
  world.candidate.fails_from = 0;
  const auto run = world.run(fake_text(10));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, "FAKE-003");
}

TEST(Asked, a_stop_is_no_error_and_no_cut) {
  AskedWorld world;
  world.candidate.fails_from = 0;
  world.candidate.failure = Kind::cancelled;
  const auto run = world.run(fake_text(10));
  ASSERT_TRUE(run);
  EXPECT_TRUE(run->cancelled);
  EXPECT_EQ(run->cut_off, "");
  EXPECT_TRUE(run->scores.windows.empty());
}

TEST(Asked, what_was_read_whole_is_cut_to_the_positions_that_were_asked) {
  const auto window = [](std::int32_t index, std::vector<std::int32_t> positions) {
    WindowScores scores{index, {}};
    for (const std::int32_t p : positions)
      scores.scores.push_back({.nll_q = index * 100.0 + p, .position = p});
    return scores;
  };
  Measurement whole;
  whole.windows = {window(0, {2, 3, 4}), window(1, {2, 3, 4}), window(2, {2, 3, 4})};
  Measurement asked;
  asked.windows = {window(1, {2, 4, 9}), window(7, {2}), window(2, {3})};
  const Measurement some = at_positions_of(whole, asked);
  ASSERT_EQ(some.windows.size(), 2U);
  EXPECT_EQ(some.windows[0].window, 1);
  ASSERT_EQ(some.windows[0].scores.size(), 2U);
  EXPECT_EQ(some.windows[0].scores[1].nll_q, 104);
  ASSERT_EQ(some.windows[1].scores.size(), 1U);
  EXPECT_EQ(some.windows[1].scores[0].nll_q, 203);
}

TEST(Asked, an_original_that_fails_is_an_error) {
  AskedWorld world;
  test::FakeMaker broken({.refuse_to_open = true});
  Progress silent;
  const TextWindows text = fake_text(3);
  const auto run =
      score_asked(broken, world.candidate, {.text = text, .end = 3, .kept = &world.kept}, silent);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, "FAKE-002");
  EXPECT_TRUE(world.candidate.asked.empty());
}

}  // namespace
}  // namespace qualm::evaluate
