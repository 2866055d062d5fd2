// Who gets an answer at all.
#include "serve/gate.h"

#include <sys/stat.h>

#include <random>

#include "client.h"

namespace qualm::serve {
namespace {

TEST(ServeGate, the_page_needs_no_token_and_may_run_nothing_but_its_own_scripts) {
  World world;
  world.start();
  const Heard heard =
      world.raw("GET / HTTP/1.1\r\nHost: " + world.host() + "\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body, kPage);
  // printf 'let a = 1;' | openssl dgst -sha256 -binary | base64
  EXPECT_NE(heard.headers.find("script-src 'sha256-xY6QKfH9PRsQnLz56nj6MBwiK5oHg+im1Jkpdp1x/Ck='"),
            std::string::npos)
      << heard.headers;
  for (const char* part :
       {"default-src 'none'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'",
        "form-action 'none'", "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
        "Cache-Control: no-store"})
    EXPECT_NE(heard.headers.find(part), std::string::npos) << part;
  EXPECT_EQ(heard.headers.find("Access-Control"), std::string::npos);
}

TEST(ServeGate, a_missing_or_wrong_token_is_refused_wherever_it_is_needed) {
  World world;
  world.start();
  const std::string host = " HTTP/1.1\r\nConnection: close\r\nHost: " + world.host() + "\r\n";
  for (const char* target : {"/api/state", "/api/files?path=", "/api/jobs", "/api/models",
                             "/api/jobs/0123456789abcdef/events", "/nothing"})
    for (const std::string& header :
         {std::string(), std::string("Authorization: Bearer x\r\n"),
          "Authorization: " + kToken + "\r\n", "Authorization: Bearer " + kToken + "0\r\n",
          "Authorization: Bearer " + kToken.substr(1) + "0\r\n",
          "Authorization: Bearer " + kToken + "\r\nAuthorization: Bearer x\r\n"}) {
      const Heard heard = world.raw("GET " + std::string(target) + host + header + "\r\n");
      EXPECT_EQ(heard.status, 401) << target << " " << header;
      EXPECT_EQ(heard.code(), "SERVE-014");
    }
  EXPECT_EQ(world.get("/api/state").status, 200);
  EXPECT_EQ(world.get("/api/state?token=" + kToken).status, 200) << "not needed, and not looked at";
  EXPECT_EQ(world.raw("GET /api/state?token=" + kToken + host + "\r\n").status, 401);
}

TEST(ServeGate, another_name_than_its_own_is_refused_with_the_right_token_too) {
  World world;
  world.start();
  const std::string token = "\r\nAuthorization: Bearer " + kToken + "\r\nConnection: close\r\n";
  const std::string port = ":" + std::to_string(world.server->port());
  const auto status = [&](const std::string& headers, const char* target = "/api/state") {
    return world.raw("GET " + std::string(target) + " HTTP/1.1\r\n" + headers + token + "\r\n")
        .status;
  };
  EXPECT_EQ(status("Host: 127.0.0.1" + port), 200);
  EXPECT_EQ(status("Host: LocalHost" + port), 200);
  for (const std::string& host :
       {"evil.example" + port, std::string("127.0.0.1"), std::string("127.0.0.1:1"),
        "127.0.0.1.evil.example" + port, "192.168.1.2" + port, std::string()}) {
    EXPECT_EQ(status("Host: " + host), 403) << host;
    EXPECT_EQ(status("Host: " + host, "/"), 403) << host;
  }
  EXPECT_EQ(status("Host: 127.0.0.1" + port + "\r\nHost: evil.example"), 403);
  EXPECT_EQ(status("Host: 127.0.0.1" + port + "\r\nOrigin: http://evil.example"), 403);
  EXPECT_EQ(status("Host: 127.0.0.1" + port + "\r\nOrigin: null"), 403);
  EXPECT_EQ(status("Host: 127.0.0.1" + port + "\r\nOrigin: http://127.0.0.1" + port), 200);
}

TEST(ServeGate, a_host_that_was_given_is_its_own_and_a_wildcard_takes_any_number) {
  const auto status = [](const std::string& given, const std::string& host) {
    Message message{.method = "GET", .target = "/", .headers = {{"host", host}}, .body = ""};
    const auto checked = Gate("t", given, 80).check_host(message);
    return checked ? "" : checked.error().code;
  };
  EXPECT_EQ(status("box.lan", "Box.lan:80"), "");
  EXPECT_EQ(status("box.lan", "box.lan"), "") << "port 80 is left away";
  EXPECT_EQ(status("::1", "[::1]:80"), "");
  EXPECT_EQ(status("0.0.0.0", "192.168.1.2:80"), "");
  EXPECT_EQ(status("0.0.0.0", "evil.example:80"), "SERVE-015");
  EXPECT_EQ(status("192.168.1.2", "192.168.1.3:80"), "SERVE-015");
}

TEST(ServeGate, tokens_are_random_and_those_that_are_guessed_are_refused) {
  const auto one = random_token();
  const auto other = random_token();
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->size(), 32U);
  EXPECT_NE(*one, *other);
  EXPECT_EQ(check_token("123456789012345").error().code, "SERVE-003");
  EXPECT_EQ(check_token("1234567890 123456").error().code, "SERVE-003");
  EXPECT_TRUE(check_token("1234567890123456"));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

TEST(ServeGate, without_a_token_no_other_address_is_listened_on) {
  const World world;
  const auto refused = Server::start({.port = 0,
                                      .root = world.path("root"),
                                      .host = "127.0.0.2",
                                      .history = world.path("h/history.sqlite")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SERVE-003");
  const auto nowhere = Server::start({.port = 0, .root = world.path("nowhere")});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code, "SERVE-004");
}

TEST(ServeGate, a_random_token_is_in_the_address_and_a_given_one_is_not) {
  World world;
  world.start();
  EXPECT_EQ(world.server->url(), "http://" + world.host() + "/");
  world.server.reset();
  const auto server = Server::start(
      {.port = 0, .root = world.path("root"), .history = world.path("state/qualm/history.sqlite")});
  ASSERT_TRUE(server) << describe(server.error());
  EXPECT_EQ((*server)->url(), "http://127.0.0.1:" + std::to_string((*server)->port()) +
                                  "/#token=" + (*server)->token());
}

TEST(ServeGate, a_second_server_on_the_port_or_the_history_says_so) {
  World world;
  world.start();
  const auto second = world.begin(world.server->port());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "SERVE-001");
  EXPECT_EQ(exit_code(second.error().kind), 2);
  const auto elsewhere = world.begin();
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().code, "SERVE-005");
  EXPECT_EQ(world.get("/api/state").status, 200) << "the first goes on";
}

}  // namespace
}  // namespace qualm::serve
