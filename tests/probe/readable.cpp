#include "probe/readable.h"

#include <gtest/gtest.h>

#include <string>

#include "support/fake_engine.h"

namespace qualm::probe {
namespace {

/// Throws, as libllama does, at characters it has no token for.
class Illiterate final : public test::FakeModel {
 public:
  explicit Illiterate(std::string lacks)
      : FakeModel({.vocab_size = 256}), lacks_(std::move(lacks)) {}
  Result<std::vector<engine::Token>> tokenize(std::string_view text,
                                              engine::SpecialTokens special) override {
    if (text.find(lacks_) == std::string_view::npos) return FakeModel::tokenize(text, special);
    return fail({Kind::input, "TOKENIZER-001", "", "", "", "it threw", ""});
  }

 private:
  std::string lacks_;
};

TEST(ReadableText, is_all_of_it_where_nothing_throws) {
  test::FakeModel model({.vocab_size = 256});
  const auto part = readable(model, "all of it");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->text, "all of it");
  EXPECT_EQ(part->count(), 0);
}

TEST(ReadableText, lacks_whole_characters_and_counts_them) {
  Illiterate model("\u201c");
  const auto part = readable(model, "\u201cSo\u201c, he said \u2014 so");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->text, "So, he said \u2014 so");
  EXPECT_EQ(part->thrown, "it threw");
  EXPECT_EQ(left_out_in_words(*part), "2 of 18 characters (\u201c)");
}

TEST(ReadableText, bytes_that_are_no_character_count_one_by_one) {
  Illiterate model("\xff");
  const auto part = readable(model, "a\xff\xe2");
  ASSERT_TRUE(part);
  EXPECT_EQ(part->text, "a\xe2");
  EXPECT_EQ(part->characters, 3);
}

TEST(ReadableText, a_tokenizer_that_throws_at_no_single_character_is_an_error) {
  Illiterate model("ab");
  const auto part = readable(model, "xaby");
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, "TOKENIZER-001");
}

}  // namespace
}  // namespace qualm::probe
