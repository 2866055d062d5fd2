// Vocabularies that differ by unused entries at their ends.
#include "model/padding.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::model {
namespace {

constexpr std::int64_t kWidth = 8;

/// Tokens a, b, c and then `more`, each with a row.
Checkpoint with_tokens(const std::vector<std::string>& more) {
  Checkpoint checkpoint = test::plain_checkpoint();
  std::vector<std::string> tokens{"a", "b", "c"};
  tokens.insert(tokens.end(), more.begin(), more.end());
  checkpoint.metadata.set("tokenizer.ggml.scores", std::vector<double>(tokens.size(), 0));
  checkpoint.tensors.push_back(test::plain_tensor(
      "token_embd.weight", kWidth, test::plain_values(tokens.size() * std::size_t{kWidth})));
  checkpoint.metadata.set("tokenizer.ggml.tokens", std::move(tokens));
  return checkpoint;
}

TEST(Padding, placeholders_after_the_same_tokens_are_padding) {
  const auto found = common_vocabulary(with_tokens({"[PAD3]", "<unused4>"}), with_tokens({}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->tokens, 3);
  EXPECT_EQ(found->padding_a, 2);
  EXPECT_EQ(found->padding_b, 0);
}

TEST(Padding, a_token_that_texts_may_use_is_none) {
  EXPECT_FALSE(common_vocabulary(with_tokens({"<|im_start|>"}), with_tokens({})));
  EXPECT_FALSE(common_vocabulary(with_tokens({}), with_tokens({"<|im_start|>"})));
  Checkpoint unused = with_tokens({"<|im_start|>"});
  unused.metadata.set("tokenizer.ggml.token_type", std::vector<std::int64_t>{1, 1, 1, 5});
  EXPECT_TRUE(common_vocabulary(unused, with_tokens({}))) << "typed as unused";
}

TEST(Padding, equal_or_different_vocabularies_have_none) {
  EXPECT_FALSE(common_vocabulary(with_tokens({}), with_tokens({})));
  Checkpoint other = with_tokens({"[PAD3]"});
  other.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "x", "c", "[PAD3]"});
  EXPECT_FALSE(common_vocabulary(other, with_tokens({})));
}

TEST(Padding, rows_without_a_token_are_padding) {
  Checkpoint taller = with_tokens({"[PAD3]"});
  taller.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
  const auto found = common_vocabulary(taller, with_tokens({}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->padding_a, 1);
}

TEST(Padding, what_follows_a_number_of_tokens_is_padding_or_none) {
  EXPECT_EQ(padding_after(with_tokens({"[PAD3]", "<unused4>"}), 3), 2);
  EXPECT_EQ(padding_after(with_tokens({}), 3), 0) << "nothing follows";
  EXPECT_EQ(padding_after(with_tokens({"<|im_start|>"}), 3), 0) << "a token that texts may use";
  EXPECT_EQ(padding_after(with_tokens({}), 4), 0) << "it is shorter";
  Checkpoint taller = with_tokens({"[PAD3]"});
  taller.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
  EXPECT_EQ(padding_after(taller, 3), 1) << "a row without a token";
}

TEST(Padding, the_first_tokens_are_a_model_of_their_own) {
  const Checkpoint shortened = first_tokens(with_tokens({"[PAD3]"}), 3);
  const Tensor* embedding = shortened.find("token_embd.weight");
  EXPECT_EQ(embedding->dims, (std::vector<std::int64_t>{kWidth, 3}));
  EXPECT_EQ(embedding->bytes, kWidth * 3 * 4);
  EXPECT_EQ(shortened.metadata.strings("tokenizer.ggml.tokens")->size(), 3);
  const auto* scores =
      std::get_if<std::vector<double>>(shortened.metadata.find("tokenizer.ggml.scores"));
  EXPECT_EQ(scores->size(), 3);
}

}  // namespace
}  // namespace qualm::model
