// Limits: what is too large, too slow or too much.
#include <random>

#include "client.h"

namespace qualm::serve {
namespace {

using namespace std::chrono_literals;

/// A piece every 50 ms, for 4 s or until the other end has closed it.
void say_slowly(Socket& socket, const char* piece) {
  const auto begin = std::chrono::steady_clock::now();
  while (!socket.closed && std::chrono::steady_clock::now() - begin < 4s) {
    socket.say(piece);
    socket.hear({}, 50ms);
  }
}

TEST(ServeHttp, a_body_over_the_limit_is_refused_before_it_is_sent) {
  World world;
  world.start();
  Socket socket(world.server->port());
  socket.say(world.head("POST", "/api/jobs") + "Content-Length: 65537\r\n\r\n");
  const Heard heard = parsed(socket.hear());
  EXPECT_EQ(heard.status, 413);
  EXPECT_EQ(heard.code(), "SERVE-016");
}

TEST(ServeHttp, a_body_over_the_limit_is_refused_where_its_size_was_not_announced) {
  World world;
  world.start();
  std::string chunks;
  for (int i = 0; i < 20; ++i) chunks += "1000\r\n" + std::string(4096, ' ') + "\r\n";
  const Heard heard =
      world.raw(world.head("POST", "/api/jobs") +
                "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n");
  EXPECT_EQ(heard.status, 413);
}

TEST(ServeHttp, a_body_of_the_limit_is_read) {
  World world;
  world.start();
  std::string body = R"({"command":"diagnose","candidate":"m.gguf"})";
  body += std::string(65536 - body.size(), ' ');
  EXPECT_EQ(world.send("POST", "/api/jobs", body).status, 201);
}

TEST(ServeHttp, a_header_over_the_limit_is_refused) {
  World world;
  world.start();
  const Heard heard =
      world.raw(world.head("GET", "/api/state") + "X: " + std::string(40000, 'x') + "\r\n\r\n");
  EXPECT_GE(heard.status, 400);
  EXPECT_EQ(world.get("/api/state").status, 200);
}

TEST(ServeHttp, a_client_that_sends_its_header_slowly_is_dropped) {
  World world;
  world.limits.patience = 300ms;
  world.start();
  Socket socket(world.server->port());
  socket.say("GET /api/state HTTP/1.1\r\n");
  say_slowly(socket, "X: y\r\n");
  EXPECT_TRUE(socket.closed);
}

TEST(ServeHttp, a_client_that_sends_its_body_slowly_is_dropped) {
  World world;
  world.limits.patience = 300ms;
  world.start();
  Socket socket(world.server->port());
  socket.say(world.head("POST", "/api/jobs") + "Content-Length: 60000\r\n\r\n");
  say_slowly(socket, " ");
  EXPECT_TRUE(socket.closed);
}

TEST(ServeHttp, several_requests_may_use_one_connection) {
  World world;
  world.start();
  Socket socket(world.server->port());
  for (int i = 0; i < 3; ++i) {
    socket.say(world.head("GET", "/api/state") + "\r\n");
    const auto heard =
        parsed(socket.hear([](const std::string& text) { return text.ends_with("}\n"); }));
    EXPECT_EQ(heard.status, 200);
  }
}

TEST(ServeHttp, two_hundred_idle_connections_stop_neither_a_job_nor_another_client) {
  World world;
  const std::string id = world.start_held();
  std::vector<Socket> idle;
  for (int i = 0; i < 200; ++i) {
    idle.emplace_back(world.server->port());
    if (i % 2 == 0) idle.back().say("GET / HTTP/1.1\r\n");
  }
  EXPECT_EQ(world.get("/api/state").json()["running"], id);
  world.job.release();
  EXPECT_EQ(world.wait_for(id, "done")["verdict"], "problem");
}

TEST(ServeHttp, more_connections_than_allowed_are_not_served_until_one_goes) {
  World world;
  world.limits.connections = 8;
  world.start();
  {
    std::vector<Socket> idle;
    for (int i = 0; i < 16; ++i) idle.emplace_back(world.server->port());
  }
  EXPECT_EQ(world.get("/api/state").status, 200);
}

TEST(ServeHttp, unknown_pages_and_methods_are_refused) {
  World world;
  world.start();
  EXPECT_EQ(world.get("/api").status, 404);
  EXPECT_EQ(world.get("/api/jobs/0/none").status, 404);
  EXPECT_EQ(world.get("/api/jobs/none").status, 404);
  EXPECT_EQ(world.send("DELETE", "/api/jobs").status, 405);
  EXPECT_EQ(world.send("PUT", "/api/state").status, 405);
  EXPECT_EQ(world.send("POST", "/").status, 404);
  EXPECT_EQ(world.get("/api/files?path=%zz").status, 400);
  EXPECT_EQ(world.get("/api/files?path=a&path=b").status, 400);
}

TEST(ServeHttp, whatever_a_client_says_the_server_answers_the_next_one) {
  World world;
  world.start();
  std::mt19937 random(20261127);
  const std::string good = world.head("POST", "/api/jobs?path=%2e%2e") +
                           "Connection: close\r\nContent-Length: 44\r\n\r\n" +
                           R"({"command":"diagnose","candidate":"m.gguf"} )";
  for (int i = 0; i < 150; ++i) {
    std::string bad = good;
    const auto any = [&](std::size_t below) { return random() % below; };
    for (std::size_t changes = 1 + any(4); changes > 0; --changes) {
      const std::size_t at = any(bad.size());
      if (any(2) == 0)
        bad[at] = static_cast<char>(any(256));
      else
        bad.erase(at, 1 + any(8));
    }
    Socket socket(world.server->port());
    socket.say(bad);
    ::usleep(100);
  }
  EXPECT_EQ(world.get("/api/state").status, 200);
}

}  // namespace
}  // namespace qualm::serve
