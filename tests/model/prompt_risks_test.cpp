#include "model/prompt_risks.h"

#include <gtest/gtest.h>

#include <string>

namespace qualm::model {
namespace {

constexpr const char* kChatMl =
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{'<|im_start|>assistant\\n'}}{% endif %}";

/// A chat model whose template, marks and end token belong together.
struct ChatFile {
  std::vector<std::string> tokens{"<s>", "</s>", "a", "<|im_start|>", "<|im_end|>"};
  Metadata metadata;

  ChatFile() {
    metadata.set("tokenizer.ggml.model", std::string("gpt2"));
    metadata.set("tokenizer.ggml.pre", std::string("smollm"));
    metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{0});
    metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{4});
    metadata.set("tokenizer.chat_template", std::string(kChatMl));
  }
  std::vector<std::string> risks() {
    metadata.set("tokenizer.ggml.tokens", tokens);
    std::vector<std::string> ids;
    for (const Risk& risk : prompt_risks(metadata)) ids.push_back(risk.id);
    return ids;
  }
};

using Ids = std::vector<std::string>;

TEST(PromptRisks, a_template_with_its_own_marks_has_none) {
  EXPECT_EQ(ChatFile().risks(), Ids{});
  ChatFile base;  // no chat model
  base.metadata.erase("tokenizer.chat_template");
  EXPECT_EQ(base.risks(), Ids{});
}

TEST(PromptRisks, a_template_of_another_family_is_told) {
  ChatFile file;
  file.tokens = {"<s>", "</s>", "a", "<|start_header_id|>", "<|eot_id|>"};
  EXPECT_EQ(file.risks(), Ids{"template_of_another_family"});
}

TEST(PromptRisks, marks_that_are_no_tokens_are_told) {
  ChatFile file;
  file.tokens = {"<s>", "</s>", "a", "b", "c"};
  EXPECT_EQ(file.risks(), Ids{"turn_marks_no_tokens"});
}

TEST(PromptRisks, a_turn_that_ends_with_another_token_than_the_file_s_is_told) {
  ChatFile file;
  file.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  EXPECT_EQ(file.risks(), Ids{"end_of_turn_no_end_token"});
  file.metadata.set("tokenizer.ggml.eot_token_id", std::int64_t{4});
  EXPECT_EQ(file.risks(), Ids{});
}

TEST(PromptRisks, a_chat_model_without_a_template_is_told) {
  ChatFile file;
  file.metadata.erase("tokenizer.chat_template");
  file.metadata.set("general.name", std::string("Tiny Instruct"));
  EXPECT_EQ(file.risks(), Ids{"template_missing"});
}

TEST(PromptRisks, a_special_token_beyond_the_vocabulary_is_told) {
  ChatFile file;
  file.metadata.set("tokenizer.ggml.padding_token_id", std::int64_t{5});
  EXPECT_EQ(file.risks(), Ids{"special_token_unknown"});
  file.metadata.set("tokenizer.ggml.padding_token_id", std::int64_t{0xffffffff});
  EXPECT_EQ(file.risks(), Ids{}) << "there is none";
}

TEST(PromptRisks, a_vocabulary_that_is_split_by_another_family_s_rule_is_told) {
  ChatFile file;
  file.tokens.resize(151936, "x");
  for (const auto& [pre, risks] : {std::pair{"qwen2", Ids{}},
                                   {"llama-bpe", Ids{"pre_tokenizer_of_another_family"}},
                                   {"a-new-one", Ids{}},
                                   {"default", Ids{"pre_tokenizer_missing"}}}) {
    file.metadata.set("tokenizer.ggml.pre", std::string(pre));
    EXPECT_EQ(file.risks(), risks) << pre;
  }
}

TEST(PromptRisks, a_file_without_a_vocabulary_or_with_odd_values_is_no_trouble) {
  EXPECT_TRUE(prompt_risks(Metadata()).empty());
  ChatFile file;
  file.tokens.clear();
  EXPECT_EQ(file.risks(), Ids{});
  file.tokens = {"", "<"};
  file.metadata.set("tokenizer.chat_template", std::string("<|im_start|>"));
  file.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1} << 62);
  EXPECT_FALSE(file.risks().empty());
}

}  // namespace
}  // namespace qualm::model
