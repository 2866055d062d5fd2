#include "commands/written_texts.h"

#include <gtest/gtest.h>

namespace qualm::commands {
namespace {

using Lines = std::vector<std::string>;

TEST(Prompts, are_one_a_line) {
  EXPECT_EQ(*parse_prompts("one\ntwo words\n", "p"), (Lines{"one", "two words"}));
  EXPECT_EQ(*parse_prompts("no newline at the end", "p"), Lines{"no newline at the end"});
  EXPECT_EQ(*parse_prompts("from Windows\r\nlast\r\n", "p"), (Lines{"from Windows", "last"}));
}

TEST(Prompts, comments_and_empty_lines_are_none) {
  EXPECT_EQ(*parse_prompts("# a comment\n\nprompt\n\r\n#\n # one with a blank\n", "p"),
            (Lines{"prompt", " # one with a blank"}));
}

TEST(Prompts, none_or_too_many_are_refused) {
  for (const char* text : {"", "\n", "# nothing\n"}) {
    const auto refused = parse_prompts(text, "p");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "PROMPTS-001");
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "x\n";
  EXPECT_TRUE(parse_prompts(many, "p"));
  const auto refused = parse_prompts(many + "one more", "p");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "PROMPTS-002");
}

TEST(Symptoms, one_or_all_may_be_asked_for) {
  const auto wanted = [](const char* asked, probe::SymptomId symptom) {
    return probe::parse_symptoms(asked)->wants(symptom);
  };
  using enum probe::SymptomId;
  EXPECT_TRUE(wanted("", repetition));
  EXPECT_TRUE(wanted("all", repetition));
  EXPECT_TRUE(wanted("repetition", repetition));
  EXPECT_FALSE(wanted("off-topic", repetition));
  EXPECT_FALSE(wanted("none", repetition));
}

}  // namespace
}  // namespace qualm::commands
