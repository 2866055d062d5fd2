// `qualm serve` as a user runs it.
#include <csignal>

#include "client.h"
#include "support/program.h"

namespace qualm::serve {
namespace {

using test::Ended;

/// A port that was free a moment ago.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(socket);
  return ntohs(address.sin_port);
}

test::Command serve_in(const test::Scratch& scratch, std::vector<std::string> words) {
  words.insert(words.begin(), "serve");
  test::Command command = test::qualm(scratch, std::move(words));
  command.environment["XDG_STATE_HOME"] = scratch.path("state");
  command.environment["HOME"] = scratch.path();
  return command;
}

TEST(ServeCommand, it_prints_its_address_answers_there_and_ends_cleanly) {
  const test::Scratch scratch;
  const std::string port = std::to_string(free_port());
  const std::string state = scratch.path("state/qualm/history.sqlite-wal");
  test::Command command = serve_in(scratch, {"--port", port});
  command.interrupt = [&] { return std::filesystem::exists(state); };
  const Ended ended = test::run(command);
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_TRUE(ended.out.starts_with("http://127.0.0.1:" + port + "/#token=")) << ended.out;
  EXPECT_EQ(ended.out.find('\n'), ended.out.find("#token=") + 7 + 32) << ended.out;
}

TEST(ServeCommand, a_port_that_is_taken_is_exit_code_2) {
  World world;
  world.start();
  const Ended ended = test::run(serve_in(
      world, {"--port", std::to_string(world.server->port()), "--root", world.path("root")}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("error[SERVE-001] 127.0.0.1:"), std::string::npos) << ended.err;
}

TEST(ServeCommand, another_address_needs_a_token_of_some_length) {
  const test::Scratch scratch;
  EXPECT_EQ(test::run(serve_in(scratch, {"--host", "127.0.0.2"})).exit_code, 2);
  const Ended weak =
      test::run(serve_in(scratch, {"--host", "127.0.0.2", "--token", "short", "--port", "1024"}));
  EXPECT_EQ(weak.exit_code, 2);
  EXPECT_NE(weak.err.find("SERVE-003"), std::string::npos) << weak.err;
}

TEST(ServeCommand, its_help_has_groups_and_examples) {
  const test::Scratch scratch;
  const Ended ended = test::run(serve_in(scratch, {"--help"}));
  EXPECT_EQ(ended.exit_code, 0);
  for (const char* part : {"--root", "--port", "--host", "--token", "Server:", "Examples:"})
    EXPECT_NE(ended.out.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace qualm::serve
