#include "base/text.h"

#include <gtest/gtest.h>

namespace qualm {
namespace {

TEST(Text, letters_change_their_case_and_other_bytes_do_not) {
  EXPECT_EQ(lower_case("Q4_K_M \xc3\x84"), "q4_k_m \xc3\x84");
  EXPECT_EQ(upper_case("iq2_xxs \xc3\xa4"), "IQ2_XXS \xc3\xa4");
  EXPECT_TRUE(same_letters("BF16", "bf16"));
  EXPECT_FALSE(same_letters("BF16", "BF1"));
  EXPECT_FALSE(same_letters("[", "{"));  // 32 apart, as letters are
}

TEST(Text, a_word_that_a_shell_would_split_or_run_is_quoted) {
  EXPECT_EQ(shell_word("models/a-Q4_K.gguf"), "models/a-Q4_K.gguf");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's $(x)"), "'it'\\''s $(x)'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace qualm
