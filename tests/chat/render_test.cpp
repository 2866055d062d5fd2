#include "chat/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace qualm::chat {
namespace {

using ::testing::HasSubstr;

const Prompt kQuestion{{{"user", "Hello"}}};

/// The text, or the code of the error.
std::string rendered(const std::string& text, const Prompt& prompt = kQuestion) {
  const auto made = render({text, "<s>", "</s>"}, prompt);
  return made ? *made : made.error().code;
}

TEST(Render, writes_what_the_template_says) {
  const std::string chatml =
      "{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m['content'] | trim }}"
      "{{- '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
      "{% endif %}";
  EXPECT_EQ(rendered(chatml), "<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(rendered(chatml, {kQuestion.messages, false}), "<|im_start|>user\nHello<|im_end|>\n");
  EXPECT_EQ(rendered("{{ bos_token }}{{ messages|length }}{{ eos_token }}"), "<s>1</s>");
}

TEST(Render, gives_contents_as_parts_to_a_template_that_wants_them) {
  EXPECT_EQ(rendered("{% for m in messages %}{% for p in m.content %}{{ p.text }}!{% endfor %}"
                     "{% endfor %}"),
            "Hello!");
}

TEST(Render, writes_the_same_date_every_day) {
  EXPECT_EQ(rendered("{{ strftime_now('%d %b %Y') }}"), "01 Jan 2025");
}

TEST(Render, gives_one_answer_for_each_prompt) {
  const std::vector<Prompt> prompts{kQuestion, {{{"system", "a"}}}, {{{"user", "b"}}}};
  const auto made =
      render_all({"{% if messages[0].role == 'system' %}{{ raise_exception('no system') "
                  "}}{% endif %}{{ messages[0].content }}",
                  "", ""},
                 prompts);
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(*made[0], "Hello");
  ASSERT_FALSE(made[1]);
  EXPECT_EQ(made[1].error().code, "TEMPLATE-002");
  EXPECT_THAT(made[1].error().found, HasSubstr("no system"));
  EXPECT_THAT(made[1].error().place, HasSubstr("line 1, column "));
  EXPECT_EQ(*made[2], "b");
}

TEST(Render, has_room_for_long_messages) {
  const std::string long_text(3 << 20, 'x');
  EXPECT_EQ(rendered("{{ messages[0].content }}", {{{"user", long_text}}}), long_text);
}

struct Hostile {
  std::string what;
  std::string text;
  std::string code;
  friend void PrintTo(const Hostile& one, std::ostream* out) { *out << one.what; }
};

std::string doubled(int times) {
  return "{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(" + std::to_string(times) +
         ") %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}";
}

class HostileTemplates : public ::testing::TestWithParam<Hostile> {};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // several times slower: the time may be over first
#else
constexpr bool kSanitized = false;
#endif

/// Of a core, that children which have ended took. By the clock a busy machine takes longer.
double seconds_of_children() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

TEST_P(HostileTemplates, end_in_an_error_soon) {
  const double before = seconds_of_children();
  const std::string code = rendered(GetParam().text);
  if (!kSanitized || code != "TEMPLATE-003") {
    EXPECT_EQ(code, GetParam().code);
  }
  EXPECT_LT(seconds_of_children() - before, 3);
}

INSTANTIATE_TEST_SUITE_P(
    All, HostileTemplates,
    ::testing::Values(
        Hostile{"long_range", "{% for i in range(1000000000) %}{% endfor %}", "TEMPLATE-004"},
        Hostile{"nested_loops",
                "{% for i in range(30000) %}{% for j in range(30000) %}{% endfor %}{% endfor %}",
                "TEMPLATE-003"},
        Hostile{"recursion", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "TEMPLATE-004"},
        Hostile{"nesting",
                "{{ " + std::string(1 << 20, '(') + "1" + std::string(1 << 20, ')') + " }}",
                "TEMPLATE-004"},
        Hostile{"doubling", doubled(40), "TEMPLATE-004"},
        Hostile{"much_text", doubled(17), "TEMPLATE-004"},
        Hostile{"no_endfor", "{% for m in messages %}", "TEMPLATE-001"},
        Hostile{"no_such_filter", "{{ 'a' | no_such_filter }}", "TEMPLATE-002"},
        Hostile{"no_such_function", "{{ open('/etc/passwd') }}", "TEMPLATE-002"},
        Hostile{"refusal", "{{ raise_exception('no') }}", "TEMPLATE-002"},
        Hostile{"bytes", std::string("{{ \xff\xfe\x00\x80 }}", 10), "TEMPLATE-001"}),
    [](const auto& row) { return row.param.what; });

TEST(Render, takes_bytes_that_are_no_text) {
  EXPECT_EQ(rendered(std::string("\xff\x00\xc3", 3)), std::string("\xff\x00\xc3", 3));
  EXPECT_EQ(rendered(""), "");
}

TEST(Render, tries_nothing_after_a_crash) {
  const auto made = render_all({"{% macro f(x) %}{{ f(x) }}{% endmacro %}"
                                "{% if messages[0].role == 'system' %}{{ f(1) }}{% endif %}a",
                                "", ""},
                               std::vector<Prompt>{kQuestion, {{{"system", ""}}}, kQuestion});
  EXPECT_TRUE(made[0]);
  EXPECT_FALSE(made[1]);
  EXPECT_FALSE(made[2]);
}

TEST(TemplateOf, a_file_has_the_names_of_its_tokens) {
  model::Metadata metadata;
  EXPECT_EQ(template_of(metadata).text, "");
  metadata.set("tokenizer.chat_template", std::string("x"));
  metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "</s>"});
  metadata.set("tokenizer.ggml.bos_token_id", std::int64_t{0});
  metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{2});
  EXPECT_EQ(template_of(metadata).text, "x");
  EXPECT_EQ(template_of(metadata).bos, "<s>");
  EXPECT_EQ(template_of(metadata).eos, "") << "beyond the vocabulary";
}

}  // namespace
}  // namespace qualm::chat
