#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/chat.h"
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

/// Renders templates that begin with "k", as the text behind it and the last turn.
class FakeRenderer final : public engine::Engine {
 public:
  Result<std::shared_ptr<engine::Model>> load(const engine::ModelFile&, std::int32_t) override {
    return fail({});
  }
  Result<std::shared_ptr<engine::Model>> load_tokenizer(const engine::ModelFile&) override {
    return fail({});
  }
  std::string version() const override { return "fake"; }
  std::optional<std::string> render_chat(const std::string& t,
                                         std::span<const engine::ChatMessage> m) const override {
    if (!t.starts_with("k")) return std::nullopt;
    return t.substr(1, 1) + m.back().content;
  }
};

TEST(Chats, are_compared_by_what_they_render) {
  using enum ChatComparison::Outcome;
  const FakeRenderer engine;
  EXPECT_EQ(compare_chats(engine, "kA", "kA").outcome, equal);
  EXPECT_EQ(compare_chats(engine, "kA{{a }}", "kA{{ a}}").outcome, layout);
  EXPECT_EQ(compare_chats(engine, "kA1", "kA2").outcome, renders_alike);
  EXPECT_EQ(compare_chats(engine, "kA", "kB").outcome, renders_otherwise);
  EXPECT_EQ(compare_chats(engine, "kA", "?").outcome, not_rendered);
  EXPECT_THAT(compare_chats(engine, "kA", "kB").says, HasSubstr("\"AHello, who are you?\""));
  EXPECT_THAT(compare_chats(engine, "kA", "?").says, HasSubstr("the baseline's"));
}

}  // namespace
}  // namespace qualm::probe
