#include "remote/llama_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/fake_llama.h"

namespace qualm::remote {
namespace {

using test::HttpAnswer;
using test::LyingServer;
using testing::ElementsAre;

const std::vector<engine::Token> kBefore{5, 9, 2, 30};

/// The code by which a server is refused that answers /props so.
std::string refusal_of_properties(const HttpAnswer& properties) {
  const LyingServer server([&](const test::HttpAsked& asked) {
    return asked.path == "/props" ? properties : HttpAnswer{.status = 404};
  });
  const auto opened = open_server(server.address(), "", kQuick);
  return opened ? "" : opened.error().code;
}

/// And one that answers /completion so.
std::string refusal_of_answer(const std::string& body) {
  const LyingServer server([&](const test::HttpAsked& asked) {
    if (asked.path == "/completion") return HttpAnswer{.body = body};
    if (asked.path != "/props") return HttpAnswer{.status = 404};
    return HttpAnswer{.body = R"({"default_generation_settings":{"n_ctx":64},"total_slots":1})"};
  });
  auto opened = open_server(server.address(), "", kQuick);
  EXPECT_TRUE(opened);
  const auto row = (*opened)->ask({.before = kBefore, .forced = 1});
  return row ? "" : row.error().code;
}

double log_q(const test::FakeBehaviour& how, engine::Token token) {
  const auto row = test::fake_logits(how, kBefore.back(), 3);
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit));
  return static_cast<double>(row[static_cast<std::size_t>(token)]) - std::log(sum);
}

TEST(LlamaServer, tells_what_it_runs) {
  const FakeLlama fake;
  const auto server = fake.open();
  ASSERT_TRUE(server);
  const ServerInfo& info = server->info();
  EXPECT_EQ(info.kind, "llama-server");
  EXPECT_EQ(info.build, "b11669-Debian");
  EXPECT_EQ(info.model_path, "/models/fake.gguf");
  EXPECT_EQ(info.model_name, "fake");
  EXPECT_EQ(info.model_type, "Q4_K - Medium");
  EXPECT_EQ(info.chat_template, "{{ messages }}");
  EXPECT_THAT(info.adapters, ElementsAre("b.gguf")) << "the other one has scale 0";
  EXPECT_EQ(info.speculation, "");
  EXPECT_EQ(info.slots, 2);
  EXPECT_EQ(info.context, 512);
  EXPECT_EQ(info.vocab_size, 64);
}

TEST(LlamaServer, answers_with_the_likeliest_tokens_and_the_forced_one) {
  const test::FakeBehaviour how{.vocab_size = 300};
  const FakeLlama fake(how);
  const auto row = fake.open()->ask({.before = kBefore, .forced = 7});
  ASSERT_TRUE(row) << describe(row.error());
  EXPECT_NEAR(row->target_log_p, log_q(how, 7), 1e-5);
  ASSERT_EQ(row->tokens.size(), 128U);
  for (const evaluate::TokenLogP& one : row->tokens)
    EXPECT_NEAR(static_cast<double>(one.log_p), log_q(how, one.token), 1e-5);
}

TEST(LlamaServer, a_token_that_is_no_whole_character_is_looked_up_in_the_list) {
  const test::FakeBehaviour how{.vocab_size = 3000};
  const FakeLlama fake(how, {.half_from = 200});
  const auto server = fake.open();
  for (const engine::Token half : {200, 1500, 2999}) {
    const auto row = server->ask({.before = kBefore, .forced = half});
    ASSERT_TRUE(row) << describe(row.error());
    EXPECT_NEAR(row->target_log_p, log_q(how, half), 1e-5) << half;
    EXPECT_EQ(row->tokens.size(), 128U);
  }
}

TEST(LlamaServer, splits_a_text) {
  const FakeLlama fake({.vocab_size = 300});
  EXPECT_THAT(fake.open()->tokenize("ab\xff", engine::SpecialTokens::as_text).value(),
              ElementsAre(97, 98, 0xef, 0xbf, 0xbd));
}

TEST(LlamaServer, a_second_connection_answers_the_same) {
  const FakeLlama fake;
  const auto first = fake.open();
  const auto second = first->again();
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->info().model_name, "fake");
  EXPECT_EQ((*second)->ask({.before = kBefore, .forced = 7})->target_log_p,
            first->ask({.before = kBefore, .forced = 7})->target_log_p);
}

TEST(LlamaServer, a_log_probability_that_rounds_to_nothing_is_that_of_the_smallest_float) {
  const FakeLlama fake({.vocab_size = 64}, {.log_p = -3.4028234663852886e38});
  EXPECT_EQ(fake.open()->ask({.before = kBefore, .forced = 7})->target_log_p, -104);
}

TEST(LlamaServer, another_kind_of_server_is_told_from_it) {
  EXPECT_EQ(refusal_of_properties({.status = 404}), "REMOTE-006");
  for (const char* body : {"", "<html>", "[]", "{}", "null", R"({"total_slots":1})",
                           R"({"total_slots":"1"})", R"({"default_generation_settings":{}})",
                           R"({"default_generation_settings":1,"total_slots":1})"})
    EXPECT_EQ(refusal_of_properties({.body = body}), "REMOTE-006") << body;
  EXPECT_EQ(refusal_of_properties({.body = std::string(1000, '[')}), "REMOTE-006");
}

TEST(LlamaServer, what_else_it_does_not_tell_is_not_known) {
  for (const char* body : {"", "{}", "[]", R"({"data":[1]})", R"([{"scale":"x"}])"}) {
    const LyingServer server([&](const test::HttpAsked& asked) {
      return HttpAnswer{.body = asked.path == "/props"
                                    ? R"({"default_generation_settings":{},"total_slots":-1})"
                                    : body};
    });
    const auto opened = open_server(server.address(), "", kQuick);
    ASSERT_TRUE(opened) << body;
    const ServerInfo& info = (*opened)->info();
    EXPECT_EQ(info.vocab_size, 0) << body;
    EXPECT_TRUE(info.adapters.empty()) << body;
    EXPECT_EQ(info.slots, 1);
    EXPECT_EQ(info.context, 0);
  }
}

TEST(LlamaServer, one_that_wants_a_key_says_so) {
  EXPECT_EQ(refusal_of_properties({.status = 401}), "REMOTE-003");
}

TEST(LlamaServer, an_answer_in_another_form_is_refused) {
  for (const char* body : {"", "<html>", "{", "{\"tokens_evaluated\":4,\"tokens_evaluated\":4}"})
    EXPECT_EQ(refusal_of_answer(body), "REMOTE-007") << body;
  EXPECT_EQ(refusal_of_answer(std::string(100'000, '[') + std::string(100'000, ']')), "REMOTE-007");
  for (const char* position :
       {"1", "{}", R"({"id":1})", R"({"logprob":-1})", R"({"id":"1","logprob":-1})",
        R"({"id":1,"logprob":[]})", R"({"id":-1,"logprob":-1})",
        R"({"id":4294967297,"logprob":-1})", R"({"id":1,"logprob":-1,"top_logprobs":[1]})",
        R"({"id":1,"logprob":-1,"top_logprobs":[{"id":2,"prob":0.1}]})"})
    EXPECT_EQ(refusal_of_answer(std::string(R"({"tokens_evaluated":4,)"
                                            R"("completion_probabilities":[)") +
                                position + "]}"),
              "REMOTE-007")
        << position;
}

TEST(LlamaServer, an_answer_that_lists_nothing_is_refused) {
  EXPECT_EQ(refusal_of_answer(R"({"tokens_evaluated":4,"completion_probabilities":)"
                              R"([{"id":1,"logprob":-1}]})"),
            "REMOTE-011");
}

TEST(LlamaServer, other_tokens_than_sent_are_refused) {
  EXPECT_EQ(refusal_of_answer("{}"), "REMOTE-010");
  EXPECT_EQ(refusal_of_answer(R"({"tokens_evaluated":3})"), "REMOTE-010");
  EXPECT_EQ(refusal_of_answer(R"({"tokens_evaluated":4,"truncated":true})"), "REMOTE-010");
}

}  // namespace
}  // namespace qualm::remote
