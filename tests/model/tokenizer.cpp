#include "model/tokenizer.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "support/gguf_builder.h"

namespace qualm::model {
namespace {

using test::gguf_string;
using test::le;

Metadata tokenizer() {
  Metadata m;
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "bc"});
  m.set("tokenizer.ggml.scores", std::vector<double>{0.5, -1});
  m.set("tokenizer.ggml.bos_token_id", std::uint64_t{1});
  m.set("tokenizer.ggml.add_bos_token", true);
  return m;
}

TEST(Tokenizer, the_digest_is_over_the_documented_bytes) {
  Sha256 hash;
  hash.add(gguf_string("tokenizer.ggml.add_bos_token") + "b\x01");
  hash.add(gguf_string("tokenizer.ggml.bos_token_id") + "i" + le<std::int64_t>(1));
  hash.add(gguf_string("tokenizer.ggml.model") + "s" + gguf_string("llama"));
  hash.add(gguf_string("tokenizer.ggml.scores") + "F" + le<std::uint64_t>(2) + le(0.5F) +
           le(-1.0F));
  hash.add(gguf_string("tokenizer.ggml.tokens") + "S" + le<std::uint64_t>(2) + gguf_string("a") +
           gguf_string("bc"));
  EXPECT_EQ(tokenizer_digest(tokenizer()), std::move(hash).hex());
}

TEST(Tokenizer, template_order_and_integer_width_do_not_change_it) {
  Metadata other = tokenizer();
  other.set("tokenizer.chat_template", std::string("{{ messages }}"));
  other.set("tokenizer.chat_template.tool_use", std::string("{{ tools }}"));
  other.set("general.name", std::string("another"));
  other.erase("tokenizer.ggml.bos_token_id");
  other.set("tokenizer.ggml.bos_token_id", std::int64_t{1});
  EXPECT_EQ(tokenizer_digest(other), tokenizer_digest(tokenizer()));
}

TEST(Tokenizer, a_changed_score_a_moved_boundary_and_a_new_key_change_it) {
  Metadata scores = tokenizer();
  scores.set("tokenizer.ggml.scores", std::vector<double>{-1, 0.5});
  Metadata tokens = tokenizer();
  tokens.set("tokenizer.ggml.tokens", std::vector<std::string>{"ab", "c"});
  Metadata flag = tokenizer();
  flag.set("tokenizer.ggml.add_eos_token", false);
  for (const Metadata& other : {scores, tokens, flag})
    EXPECT_NE(tokenizer_digest(other), tokenizer_digest(tokenizer()));
}

TEST(Tokenizer, the_summary_of_a_file_without_one_is_empty) {
  const TokenizerSummary none = tokenizer_summary({});
  EXPECT_EQ(none.model, "");
  EXPECT_EQ(none.vocab_size, 0);
  EXPECT_EQ(none.sha256, "");
  EXPECT_EQ(tokenizer_summary(tokenizer()).vocab_size, 2);
}

TEST(Metadata, erasing_keeps_the_order_and_the_lookups_of_the_rest) {
  Metadata m;
  m.set("a", std::int64_t{1});
  m.set("b", std::int64_t{2});
  m.set("c", std::int64_t{3});
  m.erase("b");
  m.erase("nothing");
  m.set("c", std::int64_t{4});
  EXPECT_EQ(m.entries().size(), 2);
  EXPECT_EQ(m.integer("a"), 1);
  EXPECT_EQ(m.integer("c"), 4);
  EXPECT_EQ(m.find("b"), nullptr);
}

}  // namespace
}  // namespace qualm::model
