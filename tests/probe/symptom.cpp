#include "probe/symptom.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace qualm::probe {
namespace {

using Finding = Symptom::Finding;

std::vector<bool> flags(int yes, int no) {
  std::vector<bool> all(static_cast<std::size_t>(yes), true);
  all.resize(static_cast<std::size_t>(yes + no), false);
  return all;
}

TEST(Shares, of_one_side_have_no_control) {
  const Symptom s = of_shares(FigureId::loops_greedy, flags(6, 18), {});
  EXPECT_DOUBLE_EQ(s.candidate.estimate->value, 0.25);
  EXPECT_FALSE(s.control.estimate);
  EXPECT_FALSE(s.p_value);
  EXPECT_EQ(s.finding, Finding::no_control);
}

TEST(Shares, of_no_text_are_absent) {
  const Symptom s = of_shares(FigureId::loops_greedy, {}, {});
  EXPECT_FALSE(s.candidate.estimate);
  EXPECT_EQ(s.finding, Finding::not_examined);
}

TEST(Shares, are_paired_by_prompt) {
  // 10 of 12 against 2 of 12, one prompt with both: McNemar's 9 against 1, p = 22 / 1024.
  std::vector<bool> candidate = flags(10, 2);
  std::vector<bool> control = flags(1, 11);
  control[11] = true;
  const Symptom s = of_shares(FigureId::loops_greedy, candidate, control);
  EXPECT_DOUBLE_EQ(s.difference.estimate->value, 8.0 / 12);
  EXPECT_NEAR(*s.p_value, 22.0 / 1024, 1e-12);
}

TEST(Means, leave_out_prompts_that_either_side_lacks) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const Symptom s =
      of_means(FigureId::nll, std::vector{1.0, none, 3.0, 5.0}, std::vector{0.0, 1.0, none, 1.0});
  EXPECT_DOUBLE_EQ(s.candidate.estimate->value, 3);
  EXPECT_DOUBLE_EQ(s.control.estimate->value, 0.5);
  EXPECT_DOUBLE_EQ(s.difference.estimate->value, 2.5);
}

TEST(Means, of_one_text_are_absent) {
  const Symptom s = of_means(FigureId::nll, std::vector{1.0}, {});
  EXPECT_FALSE(s.candidate.estimate);
  EXPECT_EQ(s.finding, Finding::not_examined);
}

TEST(SignFlip, agrees_with_counting_all_flips) {
  // 6 differences of one sign: 2 of 64 flips go as far.
  EXPECT_NEAR(*sign_flip(std::vector{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}), 2.0 / 64, 0.006);
  // 1 and 2: all sums are -3, -1, 1, 3.
  EXPECT_NEAR(*sign_flip(std::vector{1.0, 2.0}), 0.5, 0.02);
  EXPECT_NEAR(*sign_flip(std::vector{1.0, -2.0}), 1.0, 1e-9);
}

TEST(SignFlip, of_equal_sides_says_nothing) {
  EXPECT_FALSE(sign_flip(std::vector{0.0, 0.0}));
  EXPECT_FALSE(sign_flip({}));
}

TEST(Settle, a_share_that_both_have_is_shared) {
  Symptom s = of_shares(FigureId::loops_greedy, flags(14, 10), flags(13, 11));
  settle(std::span(&s, 1));
  EXPECT_EQ(s.finding, Finding::shared);
}

TEST(Settle, a_share_that_neither_has_is_alike) {
  Symptom s = of_shares(FigureId::loops_greedy, flags(1, 23), flags(1, 23));
  settle(std::span(&s, 1));
  EXPECT_EQ(s.finding, Finding::alike);
}

TEST(Settle, more_is_worse_and_less_is_not) {
  Symptom more = of_shares(FigureId::loops_greedy, flags(20, 4), flags(0, 24));
  Symptom less = of_shares(FigureId::loops_greedy, flags(0, 24), flags(20, 4));
  settle(std::span(&more, 1));
  settle(std::span(&less, 1));
  EXPECT_EQ(more.finding, Finding::worse);
  EXPECT_EQ(less.finding, Finding::shared);
}

TEST(Settle, p_values_are_corrected_for_their_number) {
  const auto one = [] { return of_shares(FigureId::loops_greedy, flags(7, 17), flags(0, 24)); };
  Symptom alone = one();  // p = 2 / 128
  settle(std::span(&alone, 1));
  EXPECT_EQ(alone.finding, Finding::worse);
  std::vector<Symptom> many(4, one());
  settle(many);
  for (const Symptom& s : many) EXPECT_EQ(s.finding, Finding::alike);
}

TEST(Settle, a_figure_of_which_less_is_worse) {
  Symptom s = of_means(FigureId::prompt_gain, std::vector<double>(10, 0.5),
                       std::vector<double>{1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9});
  settle(std::span(&s, 1));
  EXPECT_EQ(s.finding, Finding::worse);
}

}  // namespace
}  // namespace qualm::probe
