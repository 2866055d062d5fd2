// vLLM and SGLang: one request tells the log-probabilities of a whole window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/canaries.h"
#include "remote/fake_windows.h"

namespace qualm::remote {
namespace {

using testing::ElementsAre;

const std::vector<engine::Token> kWindow{5, 9, 2, 30, 7};

class OfWindows : public testing::TestWithParam<Speaks> {
 protected:
  /// The code of what reading a window fails with, or "".
  static std::string refusal(const WindowLies& lies) {
    const FakeWindows fake(GetParam(), lies);
    const auto rows = fake.open()->read(kWindow);
    return rows ? "" : rows.error().code;
  }
  /// What check_server says.
  static std::string verdict(const WindowLies& lies) {
    const FakeWindows fake(GetParam(), lies);
    std::vector<engine::Token> text(33);
    for (std::size_t i = 0; i < text.size(); ++i)
      text[i] = static_cast<engine::Token>((i * 7 + 3) % 60);
    const auto server = fake.open();
    const auto checked = check_server(*server, text);
    return checked ? "passed" : checked.error().code;
  }
};
INSTANTIATE_TEST_SUITE_P(Both, OfWindows, testing::Values(Speaks::vllm, Speaks::sglang),
                         [](const auto& one) {
                           return one.param == Speaks::vllm ? "vllm" : "sglang";
                         });

TEST_P(OfWindows, it_tells_what_it_runs) {
  const FakeWindows fake(GetParam());
  const auto server = fake.open();
  const ServerInfo& info = server->info();
  EXPECT_EQ(info.kind, GetParam() == Speaks::vllm ? "vLLM" : "SGLang");
  EXPECT_EQ(info.build, "0.9");
  EXPECT_EQ(info.model_name, "tiny");
  EXPECT_EQ(info.model_path, "/models/tiny");
  EXPECT_EQ(info.context, 512);
  EXPECT_EQ(info.slots, 4);
  EXPECT_EQ(info.cache, CacheOf::its_own);
  EXPECT_TRUE(server->reads_windows());
}

TEST_P(OfWindows, a_row_is_of_the_token_that_follows) {
  const FakeWindows fake(GetParam());
  const auto rows = fake.open()->read(kWindow);
  ASSERT_TRUE(rows) << describe(rows.error());
  ASSERT_EQ(rows->size(), kWindow.size() - 1);
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const auto expected = FakeWindows::log_q(kWindow, i);
    EXPECT_NEAR((*rows)[i].target_log_p, expected[static_cast<std::size_t>(kWindow[i + 1])], 1e-5);
    EXPECT_GE((*rows)[i].tokens.size(), 20U);
    for (const evaluate::TokenLogP& one : (*rows)[i].tokens)
      EXPECT_NEAR(double{one.log_p}, expected[static_cast<std::size_t>(one.token)], 1e-5);
    EXPECT_TRUE(std::ranges::is_sorted((*rows)[i].tokens, {}, &evaluate::TokenLogP::token));
  }
}

TEST_P(OfWindows, a_question_is_the_end_of_a_window) {
  const FakeWindows fake(GetParam());
  const auto server = fake.open();
  const auto row = server->ask({.before = std::span(kWindow).first(4), .forced = 7});
  ASSERT_TRUE(row);
  EXPECT_EQ(row->target_log_p, server->read(kWindow)->back().target_log_p);
}

TEST_P(OfWindows, a_second_connection_answers_the_same) {
  const FakeWindows fake(GetParam());
  const auto first = fake.open();
  const auto second = first->again();
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->read(kWindow)->back().target_log_p,
            first->read(kWindow)->back().target_log_p);
}

TEST_P(OfWindows, a_text_is_split_with_the_tokens_that_begin_it) {
  const FakeWindows fake(GetParam());
  EXPECT_THAT(fake.open()->tokenize("abc", engine::SpecialTokens::as_text).value(),
              ElementsAre(1, 3));
  EXPECT_THAT(fake.heard().back().body, testing::HasSubstr(R"("add_special_tokens":true)"));
}

TEST_P(OfWindows, one_that_does_not_split_texts_says_so) {
  const FakeWindows fake(GetParam(), {.splits_texts = false});
  const auto tokens = fake.open()->tokenize("abc", engine::SpecialTokens::as_text);
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().code, "REMOTE-009");
}

TEST_P(OfWindows, other_tokens_than_sent_are_refused) {
  EXPECT_EQ(refusal({.reads_more = 1}), "REMOTE-010");
}

TEST_P(OfWindows, a_place_without_the_token_of_the_text_is_refused) {
  EXPECT_EQ(refusal({.most_tops = 1, .lacks_target = true}), "REMOTE-007");
}

TEST_P(OfWindows, probabilities_that_add_up_to_more_than_1_are_refused) {
  EXPECT_EQ(refusal({.most_tops = 128, .added = 0.01}), "REMOTE-011");
}

TEST_P(OfWindows, an_honest_one_passes_the_canaries) { EXPECT_EQ(verdict({}), "passed"); }

TEST_P(OfWindows, a_stale_prompt_cache_is_found) {
  EXPECT_EQ(verdict({.stale = true}), "REMOTE-013");
}

TEST_P(OfWindows, log_probabilities_after_sampling_are_found) {
  EXPECT_EQ(verdict({.heats = true}), "REMOTE-014");
}

TEST_P(OfWindows, a_context_that_holds_no_window_is_found) {
  EXPECT_EQ(verdict({.context = 33}), "REMOTE-016");
  EXPECT_EQ(verdict({.context = 34}), "passed");
}

/// Numbers of tokens that a vLLM was asked for, in this order.
std::vector<int> asked_tops(const FakeWindows& fake) {
  std::vector<int> tops;
  for (const auto& asked : fake.heard())
    if (asked.path == "/v1/completions")
      tops.push_back(nlohmann::json::parse(asked.body)["prompt_logprobs"].get<int>());
  return tops;
}

TEST(Vllm, as_many_tokens_as_it_allows_are_asked_for_and_then_always) {
  for (const auto& [allowed, expected] :
       {std::pair(1000, std::vector{128, 128, 128}), std::pair(20, std::vector{128, 20, 20, 20}),
        std::pair(7, std::vector{128, 20, 5, 5, 5}),
        std::pair(2, std::vector{128, 20, 5, 1, 1, 1})}) {
    const FakeWindows fake(Speaks::vllm, {.most_tops = allowed});
    const auto server = fake.open();
    EXPECT_TRUE(server->read(kWindow)) << allowed;
    EXPECT_TRUE(server->read(kWindow)) << allowed;
    EXPECT_TRUE((*server->again())->read(kWindow)) << allowed;
    EXPECT_EQ(asked_tops(fake), expected) << allowed;
  }
}

TEST(Vllm, a_question_is_one_token_to_write) {
  const FakeWindows fake(Speaks::vllm);
  ASSERT_TRUE(fake.open()->ask({.before = std::span(kWindow).first(4), .forced = 7}));
  const auto asked = nlohmann::json::parse(fake.heard().back().body);
  EXPECT_EQ(asked["prompt"].size(), 4);
  EXPECT_EQ(asked["allowed_token_ids"], nlohmann::json::array({7}));
  EXPECT_FALSE(asked.contains("prompt_logprobs"));
}

TEST(Vllm, one_that_says_otherwise_of_a_forced_token_is_found) {
  const FakeWindows fake(Speaks::vllm, {.forcing_adds = -0.5});
  std::vector<engine::Token> text(33, 5);
  const auto checked = check_server(*fake.open(), text);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "REMOTE-015");
}

TEST(Vllm, one_that_refuses_everything_is_refused) {
  const FakeWindows fake(Speaks::vllm, {.most_tops = 0});
  const auto rows = fake.open()->read(kWindow);
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, "REMOTE-003");
}

}  // namespace
}  // namespace qualm::remote
