#include "probe/loops.h"

#include <gtest/gtest.h>

#include <vector>

namespace qualm::probe {
namespace {

using Text = std::vector<engine::Token>;

/// 1, 2, 3, ...: nothing comes twice.
Text counting(int n) {
  Text text;
  for (int i = 0; i < n; ++i) text.push_back(1000 + i);
  return text;
}

Text and_then(Text text, const Text& piece, int times) {
  for (int i = 0; i < times; ++i) text.insert(text.end(), piece.begin(), piece.end());
  return text;
}

TEST(Loops, sixteen_of_one_token_are_a_loop_and_fifteen_are_not) {
  const auto loop = ending_loop(and_then(counting(10), {7}, 16));
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->period, 1);
  EXPECT_EQ(loop->begin, 10);
  EXPECT_FALSE(ending_loop(and_then(counting(10), {7}, 15)));
}

TEST(Loops, a_long_piece_needs_three_of_itself) {
  const Text piece = counting(10);
  const auto loop = ending_loop(and_then({1, 2}, piece, 3));
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->period, 10);
  EXPECT_EQ(loop->begin, 2);
  EXPECT_FALSE(ending_loop(and_then({1, 2}, piece, 2)));
}

TEST(Loops, the_last_period_may_be_cut) {
  Text text = and_then({}, {1, 2, 3, 4, 5, 6}, 3);
  text.insert(text.end(), {1, 2});
  const auto loop = ending_loop(text);
  ASSERT_TRUE(loop);
  EXPECT_EQ(loop->period, 6);
}

TEST(Loops, what_repeats_in_the_middle_is_none) {
  Text text = and_then({}, {1, 2}, 20);
  text.push_back(9);
  EXPECT_FALSE(ending_loop(text));
}

TEST(Loops, the_smallest_period_is_told) {
  EXPECT_EQ(ending_loop(and_then({}, {1, 2, 1, 2}, 8))->period, 2);
}

TEST(Loops, an_empty_text_has_none) {
  EXPECT_FALSE(ending_loop({}));
  EXPECT_FALSE(ending_loop(counting(64)));
}

TEST(RepeatedNgrams, are_those_that_came_before) {
  // pairs of 1 2 1 2 3: 12 21 12 23, three distinct of four
  EXPECT_DOUBLE_EQ(*repeated_ngrams(Text{1, 2, 1, 2, 3}, 2), 0.25);
  EXPECT_DOUBLE_EQ(*repeated_ngrams(counting(9), 4), 0);
  EXPECT_DOUBLE_EQ(*repeated_ngrams(Text{5, 5, 5, 5}, 1), 0.75);
}

TEST(RepeatedNgrams, a_text_shorter_than_one_has_no_share) {
  EXPECT_FALSE(repeated_ngrams(Text{1, 2, 3}, 4));
  EXPECT_FALSE(repeated_ngrams(Text{}, 1));
}

}  // namespace
}  // namespace qualm::probe
