#include "chat/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qualm::chat {
namespace {

using enum Comparison::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TemplateEssence, forgets_blanks_in_tags_and_what_comments_say) {
  EXPECT_EQ(template_essence("{{ bos_token }}{%- if  a is  not b -%}x"),
            template_essence("{{bos_token}}{%-if a is not b-%}x\n"));
  EXPECT_EQ(template_essence("a{# one #}b"), template_essence("a{# two #}b"));
  EXPECT_EQ(template_essence("a\r\nb"), template_essence("a\nb"));
}

TEST(TemplateEssence, keeps_all_that_shows_in_a_prompt) {
  EXPECT_NE(template_essence("{{ 'a b' }}"), template_essence("{{ 'ab' }}"));
  EXPECT_NE(template_essence("a b"), template_essence("a  b"));
  EXPECT_NE(template_essence("{%- if a %}"), template_essence("{% if a %}"));
  EXPECT_NE(template_essence("a{#- c #}"), template_essence("a{# c #}"));
  EXPECT_NE(template_essence("a\n\n"), template_essence("a\n"));
  EXPECT_NE(template_essence("{{ 'it\\'s  }}' }} {{ x }}"),
            template_essence("{{ 'it\\'s }}' }} {{ x }}"));
  EXPECT_NE(template_essence("{% raw %}{{ a }}{% endraw %}"),
            template_essence("{% raw %}{{a}}{% endraw %}"));
}

TEST(TemplateEssence, takes_tags_that_never_end) {
  for (const char* text : {"{{", "{% 'a", "{#", "{{ {", "{"})
    EXPECT_FALSE(template_essence(text).empty());
}

constexpr const char* kChatMl =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

std::string changed(const std::string& from, const std::string& to) {
  std::string text = kChatMl;
  text.replace(text.find(from), from.size(), to);
  return text;
}

Comparison compared(const std::string& candidate) {
  return compare(candidate, {kChatMl, "<s>", "</s>"});
}

TEST(Comparisons, need_no_rendering_where_texts_are_equal_but_for_layout) {
  EXPECT_EQ(compared(kChatMl).outcome, equal);
  EXPECT_EQ(compared(changed("{{ m.role }}", "{{m.role}}")).outcome, layout);
}

TEST(Comparisons, of_templates_that_are_written_otherwise_go_by_what_they_write) {
  const auto found = compared(changed("{{ m.role }}", "{{ m['role'] | string }}"));
  EXPECT_EQ(found.outcome, renders_alike);
  EXPECT_THAT(found.says, HasSubstr("3 conversations"));
}

TEST(Comparisons, show_the_first_lines_that_differ) {
  const auto found = compared(changed("<|im_end|>\n{% endfor", "<|end|>\n{% endfor"));
  EXPECT_EQ(found.outcome, renders_otherwise);
  EXPECT_EQ(found.says,
            "a conversation of user becomes from line 2 on \"Hello, who are you?<|end|>\\n"
            "<|im_start|>assistant\", with the original's template \"Hello, who are "
            "you?<|im_end|>\\n<|im_start|>assistant\"");
}

TEST(Comparisons, see_what_only_some_conversations_show) {
  EXPECT_THAT(compared(changed("{{ m.content }}", "{{ m.content | trim }}")).says,
              HasSubstr("a conversation of system, user becomes from line 4 on \"Is water wet?"));
  EXPECT_THAT(compared(changed("{% if add_generation_prompt %}", "{% if true %}")).says,
              HasSubstr("user (without add_generation_prompt) becomes from line 3 on "
                        "\"<|im_start|>assistant"));
}

TEST(Comparisons, say_where_nothing_more_comes) {
  EXPECT_THAT(compared(changed("<|im_start|>assistant\n", "")).says,
              HasSubstr("from line 3 on \"\", with the original's template "
                        "\"<|im_start|>assistant\\n\""));
}

TEST(Comparisons, tell_a_template_that_fails) {
  const auto found = compared("{% for m in messages %}");
  EXPECT_EQ(found.outcome, fails);
  EXPECT_THAT(found.says, HasSubstr("does not render a conversation of user ("));
}

TEST(Comparisons, let_both_refuse_a_conversation) {
  const std::string refusing =
      "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}";
  EXPECT_EQ(compare(refusing + "{{ messages[0].content }}",
                    {refusing + "{{ messages[0]['content'] }}", "", ""})
                .outcome,
            renders_alike);
  EXPECT_EQ(compare(kChatMl, {refusing + kChatMl, "", ""}).outcome, renders_otherwise);
}

TEST(Comparisons, say_that_only_texts_were_compared) {
  const auto found = compare(kChatMl, {"{% for m in messages %}", "", ""});
  EXPECT_EQ(found.outcome, not_rendered);
  EXPECT_THAT(found.says, HasSubstr("the original's cannot be rendered"));
}

}  // namespace
}  // namespace qualm::chat
