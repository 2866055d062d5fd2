// Servers that tell log-probabilities of their own tokens alone are refused, each with what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/server.h"
#include "support/lying_server.h"

namespace qualm::remote {
namespace {

using test::HttpAnswer;

/// As described, or "".
std::string refusal_of(const std::map<std::string, std::string>& pages) {
  const test::LyingServer server([&](const test::HttpAsked& asked) {
    const auto page = pages.find(asked.path);
    return page == pages.end() ? HttpAnswer{.status = 404} : HttpAnswer{.body = page->second};
  });
  const auto opened = open_server(server.address(), "");
  return opened ? "" : describe(opened.error());
}

std::string models_of(const std::string& owner) {
  return R"({"object":"list","data":[{"id":"m","owned_by":")" + owner + R"("}]})";
}

TEST(OtherServers, TabbyAPI_is_one_though_it_answers_as_llama_server_does) {
  EXPECT_THAT(
      refusal_of({{"/props", R"({"total_slots":1,"chat_template":"",)"
                             R"("default_generation_settings":{"n_ctx":4096}})"},
                  {"/v1/models", models_of("tabbyAPI")}}),
      testing::AllOf(testing::HasSubstr("REMOTE-025"), testing::HasSubstr("exllamav3_adapter.py")));
}

TEST(OtherServers, LM_Studio_answers_every_question_with_200) {
  EXPECT_THAT(refusal_of({{"/props", R"({"error":"Unexpected endpoint or method."})"},
                          {"/version", R"({"error":"Unexpected endpoint or method."})"},
                          {"/v1/models", models_of("organization_owner")}}),
              testing::AllOf(testing::HasSubstr("REMOTE-025"), testing::HasSubstr("lms:")));
}

TEST(OtherServers, Ollama_greets) {
  EXPECT_THAT(refusal_of({{"/", "Ollama is running"}, {"/v1/models", models_of("library")}}),
              testing::AllOf(testing::HasSubstr("REMOTE-025"), testing::HasSubstr("ollama:")));
}

TEST(OtherServers, llama_cpp_python_serves_for_me) {
  EXPECT_THAT(refusal_of({{"/v1/models", models_of("me")}}), testing::HasSubstr("REMOTE-025"));
}

TEST(OtherServers, one_that_is_not_known_is_told_from_them) {
  for (const char* models : {"", "[]", "{}", R"({"data":[]})", R"({"data":[1]})",
                             R"({"data":[{"id":"m"}]})", R"({"data":[{"owned_by":1}]})"})
    EXPECT_THAT(refusal_of({{"/v1/models", models}, {"/", "hello"}}),
                testing::HasSubstr("REMOTE-006"))
        << models;
}

}  // namespace
}  // namespace qualm::remote
