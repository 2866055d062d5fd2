#include "remote/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/fake_llama.h"

namespace qualm::remote {
namespace {

using test::HttpAnswer;
using test::HttpAsked;
using test::LyingServer;
using testing::HasSubstr;
using testing::Not;

/// What `http` finds at "/x" of a server that answers so, and what that server heard.
struct Visit {
  explicit Visit(LyingServer::Handler handler, const std::string& key = "",
                 const HttpLimits& limits = kQuick)
      : server(std::move(handler)) {
    auto opened = Http::open(*parse_address(server.address()), key, limits);
    EXPECT_TRUE(opened);
    http = *std::move(opened);
  }
  [[nodiscard]] std::string code_of_find() const {
    const auto found = http->find("/x");
    return found ? "" : found.error().code;
  }
  LyingServer server;
  std::unique_ptr<Http> http;
};

HttpAnswer fine(const HttpAsked&) { return {.body = "fine"}; }

TEST(Http, gets_and_posts_on_one_connection) {
  const Visit visit([](const HttpAsked& asked) {
    return HttpAnswer{.body = asked.method + " " + asked.path + " " + asked.body};
  });
  EXPECT_EQ(visit.http->find("/a").value().value(), "GET /a ");
  EXPECT_EQ(visit.http->post("/b", "{}").value(), "POST /b {}");
  EXPECT_EQ(visit.http->find("/c").value().value(), "GET /c ");
  EXPECT_EQ(visit.server.heard()[1].headers["content-type"], "application/json");
  EXPECT_FALSE(visit.server.heard()[0].headers.contains("authorization"));
}

TEST(Http, nothing_there_is_no_error_of_a_question_whether_something_is) {
  const Visit visit([](const HttpAsked&) { return HttpAnswer{.status = 404}; });
  EXPECT_FALSE(visit.http->find("/x").value().has_value());
  EXPECT_EQ(visit.http->post("/x", "{}").error().code, "REMOTE-003");
}

TEST(Http, a_redirect_is_not_followed) {
  const LyingServer other(fine);
  const Visit visit([&](const HttpAsked&) {
    return HttpAnswer{.status = 302, .headers = "Location: " + other.address() + "/x\r\n"};
  });
  EXPECT_EQ(visit.code_of_find(), "REMOTE-003");
  EXPECT_EQ(visit.http->post("/x", "{}").error().code, "REMOTE-003");
  EXPECT_TRUE(other.heard().empty());
}

TEST(Http, a_key_is_sent_to_this_machine) {
  const Visit visit(fine, "the-secret");
  ASSERT_TRUE(visit.http->find("/x"));
  EXPECT_EQ(visit.server.heard()[0].headers["authorization"], "Bearer the-secret");
}

TEST(Http, a_key_does_not_go_to_another_machine_in_clear) {
  const auto opened = Http::open(*parse_address("http://example.invalid:8080"), "the-secret");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, "REMOTE-005");
  EXPECT_THAT(describe(opened.error()), Not(HasSubstr("the-secret")));
  EXPECT_TRUE(Http::open(*parse_address("https://example.invalid"), "the-secret"));
  EXPECT_TRUE(Http::open(*parse_address("http://example.invalid:8080"), ""));
}

TEST(Http, a_key_that_a_server_repeats_is_in_no_message) {
  const Visit visit(
      [](const HttpAsked& asked) {
        return HttpAnswer{
            .status = 401,
            .body = std::string(190, 'x') + asked.headers.at("authorization") + " is wrong"};
      },
      "the-secret");
  const auto found = visit.http->find("/x");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "REMOTE-003");
  EXPECT_THAT(describe(found.error()), Not(HasSubstr("the-s")));
  EXPECT_THAT(found.error().advice, HasSubstr("--api-key-file"));
}

TEST(Http, an_answer_over_the_limit_is_refused) {
  HttpLimits limits = kQuick;
  limits.bytes = 1000;
  const Visit visit(
      [](const HttpAsked& asked) {
        return HttpAnswer{.body = std::string(asked.path == "/x" ? 1001 : 1000, 'x')};
      },
      "", limits);
  EXPECT_EQ(visit.code_of_find(), "REMOTE-004");
  EXPECT_EQ(visit.http->find("/y").value()->size(), 1000U);
}

TEST(Http, a_server_that_is_busy_is_asked_again) {
  int left = kQuick.tries_while_busy - 1;
  const Visit visit([&](const HttpAsked&) {
    return left-- > 0 ? HttpAnswer{.status = 503} : HttpAnswer{.body = "fine"};
  });
  EXPECT_EQ(visit.http->find("/x").value().value(), "fine");
  EXPECT_EQ(visit.server.heard().size(), static_cast<std::size_t>(kQuick.tries_while_busy));
}

TEST(Http, but_not_for_ever) {
  const Visit visit([](const HttpAsked&) {
    return HttpAnswer{.status = 503, .body = R"({"error":"Loading model"})"};
  });
  const auto found = visit.http->find("/x");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "REMOTE-003");
  EXPECT_THAT(found.error().found, HasSubstr("Loading model"));
  EXPECT_EQ(visit.server.heard().size(), static_cast<std::size_t>(kQuick.tries_while_busy));
}

TEST(Http, what_a_server_refuses_is_asked_once) {
  const Visit visit([](const HttpAsked&) { return HttpAnswer{.status = 400}; });
  EXPECT_EQ(visit.code_of_find(), "REMOTE-003");
  EXPECT_EQ(visit.server.heard().size(), 1U);
}

TEST(Http, a_server_that_hangs_up_does_not_answer) {
  const Visit visit([](const HttpAsked&) { return HttpAnswer{.hangs_up = true}; });
  EXPECT_EQ(visit.code_of_find(), "REMOTE-002");
}

TEST(Http, so_does_one_that_is_gone) {
  Visit visit(fine);
  ASSERT_TRUE(visit.http->find("/x"));
  visit.server.die();
  EXPECT_EQ(visit.code_of_find(), "REMOTE-002");
}

TEST(Http, a_message_shows_little_of_an_answer_and_no_control_characters) {
  const Visit visit([](const HttpAsked&) {
    return HttpAnswer{.status = 500, .body = "\x1b[31m" + std::string(100'000, 'x')};
  });
  const auto found = visit.http->find("/x");
  ASSERT_FALSE(found);
  EXPECT_LT(describe(found.error()).size(), 600U);
  EXPECT_THAT(describe(found.error()), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace qualm::remote
