// The first words with a server of --rpc: who may be one, and what is said where it is none.
#include "engine/rpc.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace qualm::engine {
namespace {

/// Answers each greeting of so many bytes with these bytes, and hangs up on others.
class Greeted {
 public:
  Greeted(std::size_t greeting, std::string answer) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener_, 4);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, greeting, answer] {
      while (true) {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        std::array<char, 64> said{};
        const auto n = ::recv(client, said.data(), said.size(), 0);
        if (n == static_cast<ssize_t>(greeting)) ::send(client, answer.data(), answer.size(), 0);
        ::close(client);
      }
    });
  }
  Greeted(const Greeted&) = delete;
  Greeted& operator=(const Greeted&) = delete;
  ~Greeted() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

std::string code_of(const std::string& server, RpcReach reach = RpcReach::private_only) {
  const auto greeted = greet(server, reach);
  return greeted ? *greeted : greeted.error().code;
}

std::string version(char major, char minor, std::size_t size) {
  std::string answer(8 + size, '\0');
  answer[0] = static_cast<char>(size);
  answer[8] = major;
  answer[9] = minor;
  return answer;
}

TEST(Rpc, private_addresses_are_loopback_the_private_networks_and_link_local) {
  for (const char* address : {"127.0.0.1", "127.9.9.9", "10.0.0.1", "10.255.0.1", "172.16.0.1",
                              "172.31.9.9", "192.168.0.1", "169.254.1.1"})
    EXPECT_TRUE(is_private_address(address)) << address;
  for (const char* address : {"8.8.8.8", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1",
                              "128.0.0.1", "169.255.0.1", "0.0.0.0", "", "::1", "10.0.0"})
    EXPECT_FALSE(is_private_address(address)) << address;
}

TEST(Rpc, what_is_no_host_and_port_is_refused) {
  for (const char* server : {"", "127.0.0.1", ":50052", "127.0.0.1:", "127.0.0.1:0",
                             "127.0.0.1:65536", "127.0.0.1:5x", "[::1]:50052", "no.such.invalid:1"})
    EXPECT_EQ(code_of(server), "RPC-001") << server;
}

TEST(Rpc, a_public_address_is_refused_before_anything_is_sent) {
  EXPECT_EQ(code_of("8.8.8.8:50052"), "RPC-002");
}

TEST(Rpc, a_port_where_nothing_listens_is_told) {
  std::string address;
  { address = Greeted(0, "").address(); }
  EXPECT_EQ(code_of(address), "RPC-003");
}

TEST(Rpc, a_server_of_this_version_is_known_by_its_address) {
  const Greeted server(33, version(8, 0, 28));
  EXPECT_EQ(code_of(server.address()), server.address());
  const auto port = server.address().substr(server.address().find(':'));
  EXPECT_EQ(code_of("localhost" + port), server.address());
}

TEST(Rpc, another_version_is_told_with_both_numbers) {
  const Greeted newer(33, version(9, 1, 28));
  const auto greeted = greet(newer.address(), RpcReach::private_only);
  ASSERT_FALSE(greeted);
  EXPECT_EQ(greeted.error().code, "RPC-005");
  EXPECT_EQ(greeted.error().expected, "RPC version 8.0.0");
  EXPECT_EQ(greeted.error().found, "9.1.0");
}

TEST(Rpc, an_old_server_that_hangs_up_on_the_long_greeting_is_asked_by_the_short_one) {
  const Greeted old(9, version(3, 6, 3));
  const auto greeted = greet(old.address(), RpcReach::private_only);
  ASSERT_FALSE(greeted);
  EXPECT_EQ(greeted.error().found, "3.6.0");
}

TEST(Rpc, a_program_that_is_no_rpc_server_is_told) {
  EXPECT_EQ(code_of(Greeted(33, "HTTP").address()), "RPC-003");
  EXPECT_EQ(code_of(Greeted(1, "").address()), "RPC-003");
}

}  // namespace
}  // namespace qualm::engine
