#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/split.h"
#include "support/fake_engine.h"

namespace qualm::probe {
namespace {

using ::testing::HasSubstr;

/// The fake's tokens are bytes; this one swallows a letter or puts a blank first.
class OddModel final : public test::FakeModel {
 public:
  OddModel(char dropped, bool blank)
      : FakeModel({.vocab_size = 256}), dropped_(dropped), blank_(blank) {}
  Result<std::vector<engine::Token>> tokenize(std::string_view text,
                                              engine::SpecialTokens) override {
    std::vector<engine::Token> tokens;
    if (blank_) tokens.push_back(' ');
    for (const char c : text)
      if (c != dropped_) tokens.push_back(static_cast<unsigned char>(c));
    return tokens;
  }

 private:
  char dropped_;
  bool blank_;
};

TEST(Splits, of_equal_tokenizers_are_equal) {
  OddModel a('\0', false);
  OddModel b('\0', false);
  const auto split = compare_splits(a, b, "abc");
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->equal);
  EXPECT_EQ(split->tokens, 3);
}

TEST(Splits, the_first_difference_is_shown_with_the_text_before_it) {
  OddModel candidate('x', false);
  OddModel baseline('\0', false);
  const auto split = compare_splits(candidate, baseline, "Once upon x time");
  ASSERT_TRUE(split);
  EXPECT_FALSE(split->equal);
  EXPECT_EQ(split->at, 10);
  EXPECT_EQ(split->before, " upon ");
  EXPECT_EQ(split->candidate, " |t|i|m");
  EXPECT_EQ(split->baseline, "x| |t|i");
  EXPECT_EQ(split->tokens_baseline, split->tokens + 1);
  EXPECT_THAT(in_words(*split), HasSubstr("from token 10 on, after \" upon \""));
}

TEST(Splits, a_difference_in_the_first_token_has_nothing_before_it) {
  OddModel candidate('\0', true);
  OddModel baseline('\0', false);
  const auto split = compare_splits(candidate, baseline, "ab");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->at, 0);
  EXPECT_EQ(split->before, "");
}

TEST(Splits, one_that_ends_early_differs_there) {
  OddModel candidate('d', false);
  OddModel baseline('\0', false);
  const auto split = compare_splits(candidate, baseline, "abcd");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->at, 3);
  EXPECT_EQ(split->candidate, "the end");
}

}  // namespace
}  // namespace qualm::probe
