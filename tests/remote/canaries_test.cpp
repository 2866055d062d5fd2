// No server is measured that does not give the model's own log-probabilities.
#include "remote/canaries.h"

#include <gtest/gtest.h>

#include "remote/fake_llama.h"

namespace qualm::remote {
namespace {

/// A window of a text, with the token that follows it.
std::vector<engine::Token> window_of_text(std::size_t size = 33) {
  std::vector<engine::Token> tokens(size);
  for (std::size_t i = 0; i < size; ++i) tokens[i] = static_cast<engine::Token>((i * 7 + 3) % 60);
  return tokens;
}

/// What check_server says: "REMOTE-012", or "passed".
std::string verdict_on(const Lies& lies, std::size_t size = 33) {
  const FakeLlama fake({.vocab_size = 64}, lies);
  const auto server = fake.open();
  if (!server) return "not opened";
  const auto checked = check_server(*server, window_of_text(size));
  if (checked) return "passed";
  EXPECT_EQ(exit_code(checked.error().kind), 3);
  EXPECT_FALSE(checked.error().advice.empty());
  return checked.error().code;
}

TEST(Canaries, an_honest_server_passes) {
  EXPECT_EQ(verdict_on({}), "passed");
  EXPECT_EQ(verdict_on({}, 6), "passed");
}

TEST(Canaries, so_does_one_whose_tokens_are_no_whole_characters) {
  EXPECT_EQ(verdict_on({.half_from = 40}), "passed");
}

TEST(Canaries, a_server_that_guesses_tokens_ahead_is_refused) {
  EXPECT_EQ(verdict_on({.speculation = "draft"}), "REMOTE-012");
}

TEST(Canaries, so_is_one_whose_context_holds_no_window) {
  EXPECT_EQ(verdict_on({.context = 33}), "REMOTE-016");
  EXPECT_EQ(verdict_on({.context = 34}), "passed");
  EXPECT_EQ(verdict_on({.context = 0}), "passed") << "it does not tell";
}

TEST(Canaries, one_that_says_0_everywhere) {
  EXPECT_EQ(verdict_on({.always_zero = true}), "REMOTE-017");
}

TEST(Canaries, log_probabilities_that_are_none) {
  EXPECT_EQ(verdict_on({.log_p = nullptr}), "REMOTE-011");  // NaN and infinity, as JSON has them
  EXPECT_EQ(verdict_on({.log_p = 0.5}), "REMOTE-011");
  EXPECT_EQ(verdict_on({.logprob_becomes = R"("logprob":1e999,"was":)"}), "REMOTE-007");
  EXPECT_EQ(verdict_on({.logprob_becomes = R"("logprob":"-1","was":)"}), "REMOTE-007");
  EXPECT_EQ(verdict_on({.logprob_becomes = R"("prob":)"}), "REMOTE-007");
}

TEST(Canaries, probabilities_that_add_up_to_more_than_1) {
  EXPECT_EQ(verdict_on({.added = 0.01}), "REMOTE-011");
}

TEST(Canaries, an_answer_that_depends_on_what_was_asked_before) {
  EXPECT_EQ(verdict_on({.remembers = true}), "REMOTE-013");
}

TEST(Canaries, an_answer_that_depends_on_the_temperature) {
  EXPECT_EQ(verdict_on({.heats = true}), "REMOTE-014");
}

TEST(Canaries, another_log_probability_of_a_token_that_is_forced) {
  EXPECT_EQ(verdict_on({.forcing_adds = -0.5}), "REMOTE-015");
}

TEST(Canaries, another_token_than_the_forced_one) {
  EXPECT_EQ(verdict_on({.forces_nothing = true}), "REMOTE-007");
}

TEST(Canaries, tokens_that_were_not_sent) {
  EXPECT_EQ(verdict_on({.reads_more = 1}), "REMOTE-010");
  EXPECT_EQ(verdict_on({.reads_more = -1}), "REMOTE-010");
  EXPECT_EQ(verdict_on({.truncates = true}), "REMOTE-010");
}

}  // namespace
}  // namespace qualm::remote
