#include "chat/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

namespace qualm::chat {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTurns =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}";
constexpr const char* kAnswer = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

std::vector<model::Risk> risks(const std::string& text, bool add_bos = false) {
  model::Metadata metadata;
  metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "</s>"});
  metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{0});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  metadata.set("tokenizer.ggml.add_bos_token", add_bos);
  metadata.set("tokenizer.chat_template", text);
  return rendered_risks(metadata);
}

/// "id: words" of the only risk, "" where there is none.
std::string risk(const std::string& text, bool add_bos = false) {
  std::string all;
  for (const auto& [id, says] : risks(text, add_bos)) all += id + ": " + says + "\n";
  return all;
}

TEST(RenderedRisks, a_sound_template_has_none) {
  EXPECT_EQ(risk(std::string(kTurns) + kAnswer), "");
  EXPECT_TRUE(rendered_risks(model::Metadata()).empty());
}

TEST(RenderedRisks, a_template_that_is_no_jinja_fails) {
  EXPECT_THAT(risk("{% for m in messages %}"), HasSubstr("template_fails: The chat template cannot "
                                                         "be rendered for a question ("));
}

TEST(RenderedRisks, a_template_that_refuses_answers_fails) {
  EXPECT_THAT(risk("{% for m in messages %}{% if m.role == 'assistant' %}{{ raise_exception('odd') "
                   "}}{% endif %}{{ m.role }}: {{ m.content }}\n{% endfor %}"),
              HasSubstr("template_fails: The chat template cannot be rendered for a question after "
                        "an answer (chat template, line 1"));
}

TEST(RenderedRisks, a_template_may_refuse_a_system_message) {
  EXPECT_EQ(risk("{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" +
                 std::string(kTurns) + kAnswer),
            "");
}

TEST(RenderedRisks, a_message_that_is_not_written_is_told) {
  EXPECT_THAT(risk("{% for m in messages %}{% if m.role != 'system' %}<{{ m.role }}>{{ m.content }}"
                   "{% endif %}{% endfor %}<assistant>"),
              HasSubstr("template_drops_message: The chat template does not write the system "
                        "message of a conversation of system, user:"));
  EXPECT_THAT(risk("{{ messages[-1].role }}: {{ messages[-1].content }}"),
              HasSubstr("template_drops_message"));
}

TEST(RenderedRisks, roles_that_are_not_written_are_told) {
  EXPECT_THAT(risk("{% for m in messages %}<turn>{{ m.content }}</turn>\n{% endfor %}"),
              HasSubstr("template_hides_roles: The chat template writes \"</turn>\\n<turn>\""));
}

TEST(RenderedRisks, an_answer_that_is_not_begun_is_told) {
  EXPECT_EQ(risk(kTurns),
            "template_begins_no_answer: The chat template never begins the answer: with "
            "add_generation_prompt a prompt ends without \"<|im_start|>assistant\", which comes "
            "before answers. The model may go on with the user's turn.\n");
  EXPECT_EQ(risk(std::string(kTurns) + "<|im_start|>assistant\n"), "") << "it always begins one";
}

TEST(RenderedRisks, a_template_without_marks_before_answers_begins_them_as_it_is) {
  EXPECT_EQ(risk("{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
                 "{% else %} {{ m.content }}</s>{% endif %}{% endfor %}")
                .find("template_begins_no_answer"),
            std::string::npos);
}

TEST(RenderedRisks, a_begin_token_that_both_write_is_told) {
  const std::string turns = std::string(kTurns) + kAnswer;
  EXPECT_EQ(risk("{{ bos_token }}" + turns, true), "") << "runtimes know of it";
  EXPECT_EQ(risk("<s>" + turns, false), "");
  EXPECT_THAT(risk("<s>" + turns, true),
              HasSubstr("begin_token_twice: The chat template writes <s> "
                        "as text, and add_bos_token adds it again"));
  EXPECT_THAT(risk("{{ bos_token + bos_token }}" + turns, false),
              HasSubstr("begin_token_twice: The chat template begins a prompt with two <s>."));
}

TEST(RenderedRisks, a_hostile_template_is_no_trouble) {
  EXPECT_THAT(risk("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"),
              HasSubstr("template_fails"));
}

}  // namespace
}  // namespace qualm::chat
