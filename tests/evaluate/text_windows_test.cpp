#include "evaluate/text_windows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace qualm::evaluate {
namespace {

std::vector<engine::Token> counting(int n) {
  std::vector<engine::Token> tokens(static_cast<std::size_t>(n));
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

TEST(TextWindows, the_default_protocol_scores_from_an_eighth_on) {
  const auto text = cut(counting(1100), {.ctx_size = 512, .seed = 1});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->count(), 2);
  EXPECT_EQ(text->first, 64);
  EXPECT_EQ(text->last, 511);  // the last position predicts a token that is not in the window
}

TEST(TextWindows, the_protocol_of_llama_cpp_scores_the_second_half_in_file_order) {
  const auto text =
      cut(counting(512 * 9 + 17), {.ctx_size = 512, .protocol = Protocol::llama_cpp, .seed = 1});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->first, 256);
  EXPECT_EQ(text->last, 511);
  EXPECT_EQ(text->order, (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(TextWindows, windows_are_consecutive_and_a_rest_is_not_read) {
  const auto text = cut(counting(35), {.ctx_size = 8, .seed = 1});
  ASSERT_TRUE(text);
  ASSERT_EQ(text->count(), 4);
  EXPECT_EQ(text->tokens.size(), 32U);
  for (std::int32_t w = 0; w < 4; ++w) {
    const auto window = text->window(w);
    ASSERT_EQ(window.size(), 8U);
    for (std::int32_t i = 0; i < 8; ++i) EXPECT_EQ(window[static_cast<std::size_t>(i)], w * 8 + i);
  }
}

TEST(TextWindows, the_first_token_of_every_window_is_replaced_where_the_vocabulary_wants_it) {
  const auto text = cut(counting(24), {.ctx_size = 8, .start = 99, .seed = 1});
  ASSERT_TRUE(text);
  for (std::int32_t w = 0; w < 3; ++w) {
    EXPECT_EQ(text->window(w)[0], 99);
    EXPECT_EQ(text->window(w)[1], w * 8 + 1);
  }
  EXPECT_EQ(cut(counting(8), {.ctx_size = 8, .start = 0, .seed = 1})->window(0)[0], 0);
}

TEST(TextWindows, a_limit_takes_the_first_windows_of_the_text) {
  const auto text = cut(counting(80), {.ctx_size = 8, .limit = 3, .seed = 1});
  ASSERT_TRUE(text);
  EXPECT_EQ(text->count(), 3);
  EXPECT_EQ(text->tokens.size(), 24U);
  auto order = text->order;
  std::ranges::sort(order);
  EXPECT_EQ(order, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(cut(counting(80), {.ctx_size = 8, .limit = 1000, .seed = 1})->count(), 10);
}

TEST(TextWindows, the_order_is_a_permutation_that_the_seed_alone_decides) {
  const auto order = [](std::uint64_t seed) {
    return cut(counting(8 * 50), {.ctx_size = 8, .seed = seed})->order;
  };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
  auto sorted = order(1);
  EXPECT_NE(
      sorted,
      (cut(counting(8 * 50), {.ctx_size = 8, .protocol = Protocol::llama_cpp, .seed = 1})->order));
  std::ranges::sort(sorted);
  for (std::int32_t i = 0; i < 50; ++i) EXPECT_EQ(sorted[static_cast<std::size_t>(i)], i);
}

TEST(TextWindows, every_round_takes_one_window_of_each_part_of_the_text) {
  for (const std::int32_t count : {16, 17, 40, 245}) {
    const auto text = cut(counting(8 * count), {.ctx_size = 8, .seed = 3});
    EXPECT_EQ(text->strata(), 16);
    for (std::int32_t round = 0; round + 16 <= count - count % 16; round += 16) {
      std::set<std::int32_t> parts;
      for (std::int32_t i = round; i < round + 16; ++i)
        parts.insert(text->order[static_cast<std::size_t>(i)] * 16 / count);
      EXPECT_EQ(parts.size(), 16U) << count << " windows, round at " << round;
    }
  }
  EXPECT_EQ(cut(counting(8 * 5), {.ctx_size = 8, .seed = 3})->strata(), 5);
}

// Finished windows are kept between versions: another order would make a resumed run a mixture.
TEST(TextWindows, the_order_is_what_it_was_when_this_test_was_written) {
  const auto text = cut(counting(8 * 10), {.ctx_size = 8, .seed = 1});
  EXPECT_EQ(text->order, (std::vector<std::int32_t>{4, 2, 8, 1, 9, 3, 0, 6, 7, 5}));
}

TEST(TextWindows, a_text_shorter_than_a_window_is_undecided_and_says_how_much_is_missing) {
  const auto text = cut(counting(511), {.ctx_size = 512, .seed = 1});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, Kind::undecided);
  EXPECT_EQ(describe(text.error()),
            "error[EVAL-001] text: expected at least 512 tokens, one window, found 511 tokens. "
            "Give a longer text with -f, or a smaller -c.");
  EXPECT_TRUE(cut(counting(512), {.ctx_size = 512, .seed = 1}));
  EXPECT_FALSE(cut({}, {.ctx_size = 512, .seed = 1}));
}

TEST(TextWindows, two_ranges_are_together_the_whole_text_and_have_no_window_in_common) {
  const Cut how{.ctx_size = 8, .seed = 1};
  const auto whole = cut(counting(8 * 40), how);
  std::vector<std::int32_t> read;
  for (const WindowRange& range : {WindowRange{0, 13}, WindowRange{13, 40}}) {
    auto part = cut(counting(8 * 40), how);
    ASSERT_TRUE(keep_range(*part, range));
    EXPECT_EQ(part->count(), range.end - range.begin);
    EXPECT_EQ(part->total(), 40);
    read.insert(read.end(), part->order.begin(), part->order.end());
  }
  EXPECT_TRUE(std::ranges::is_permutation(read, whole->order));
}

TEST(TextWindows, a_range_that_the_text_does_not_have_is_refused) {
  auto text = cut(counting(8 * 10), {.ctx_size = 8, .seed = 1});
  for (const WindowRange& range : {WindowRange{0, 11}, WindowRange{5, 5}, WindowRange{-1, 3}})
    EXPECT_FALSE(keep_range(*text, range));
  EXPECT_EQ(describe(keep_range(*text, {9, 12}).error()),
            "error[EVAL-002] --windows: expected a range of windows from 0:10, found 9:12. The "
            "text has 10 windows.");
  EXPECT_EQ(text->count(), 10);
}

}  // namespace
}  // namespace qualm::evaluate
