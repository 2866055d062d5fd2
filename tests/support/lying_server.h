// A small HTTP/1.1 server on a port of this machine that answers what a test tells it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace qualm::test {

struct HttpAsked {
  std::string method;
  std::string path;
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

struct HttpAnswer {
  int status = 200;
  std::string body{};
  std::string headers{};  ///< more of them: lines, each with its "\r\n"
  bool hangs_up = false;  ///< the connection is closed in place of an answer
};

/// One thread a connection; the handler is called by one at a time.
class LyingServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpAsked&)>;

  explicit LyingServer(Handler handler)
      : handler_(std::move(handler)),
        listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        port_(listen_at(listener_)),
        accepter_([this] { accept_all(); }) {}
  LyingServer(const LyingServer&) = delete;
  LyingServer& operator=(const LyingServer&) = delete;
  ~LyingServer() {
    die();
    accepter_.join();
    for (Connection& one : connections_) one.thread.join();
    for (const Connection& one : connections_) ::close(one.descriptor);
    ::close(listener_);
  }

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<HttpAsked> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  /// From now on nobody listens, and who is connected is cut off.
  void die() {
    ::shutdown(listener_, SHUT_RDWR);
    const std::lock_guard lock(connections_mutex_);
    dead_ = true;
    for (const Connection& one : connections_) ::shutdown(one.descriptor, SHUT_RDWR);
  }

 private:
  static constexpr std::size_t kMostConnections = 64;
  struct Connection {
    int descriptor = -1;
    std::thread thread{};
  };

  static int listen_at(int descriptor) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(descriptor, raw, size), 0);
    EXPECT_EQ(::listen(descriptor, 16), 0);
    EXPECT_EQ(::getsockname(descriptor, raw, &size), 0);
    return ntohs(address.sin_port);
  }

  void accept_all() {
    while (true) {
      const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (descriptor < 0) return;
      const std::lock_guard lock(connections_mutex_);
      if (dead_ || connections_.size() == kMostConnections) {
        ::close(descriptor);
        continue;
      }
      connections_.push_back({descriptor});
      connections_.back().thread = std::thread([this, descriptor] { serve(descriptor); });
    }
  }

  void serve(int descriptor) {
    std::string bytes;
    while (true) {
      const auto asked = next(descriptor, bytes);
      if (asked.method.empty()) break;
      const HttpAnswer answer = answer_to(asked);
      if (answer.hangs_up || !say(descriptor, written(answer))) break;
    }
    ::shutdown(descriptor, SHUT_RDWR);
  }

  HttpAnswer answer_to(const HttpAsked& asked) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(asked);
    return handler_(asked);
  }

  static std::string written(const HttpAnswer& answer) {
    return "HTTP/1.1 " + std::to_string(answer.status) +
           " As told\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n" +
           answer.headers + "\r\n" + answer.body;
  }

  /// False: the other end has closed.
  static bool hear(int descriptor, std::string& bytes) {
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(descriptor, buffer.data(), buffer.size(), 0);
    if (n > 0) bytes.append(buffer.data(), static_cast<std::size_t>(n));
    return n > 0;
  }
  static bool say(int descriptor, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t n = ::send(descriptor, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (n <= 0) return false;
      at += static_cast<std::size_t>(n);
    }
    return true;
  }

  /// The next request, taken from `bytes`; without a method where none comes.
  static HttpAsked next(int descriptor, std::string& bytes) {
    std::size_t end = 0;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos)
      if (!hear(descriptor, bytes)) return {};
    HttpAsked asked = head_of(bytes.substr(0, end + 2));
    bytes.erase(0, end + 4);
    const auto length = asked.headers.find("content-length");
    const std::size_t size = length == asked.headers.end() ? 0 : std::stoul(length->second);
    while (bytes.size() < size)
      if (!hear(descriptor, bytes)) return {};
    asked.body = bytes.substr(0, size);
    bytes.erase(0, size);
    return asked;
  }

  static HttpAsked head_of(const std::string& head) {
    HttpAsked asked;
    const auto space = head.find(' ');
    asked.method = head.substr(0, space);
    asked.path = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    for (auto at = head.find("\r\n") + 2; at < head.size(); at = head.find("\r\n", at) + 2) {
      const std::string line = head.substr(at, head.find("\r\n", at) - at);
      const auto colon = line.find(": ");
      if (colon == std::string::npos) continue;
      std::string name = line.substr(0, colon);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      asked.headers[name] = line.substr(colon + 2);
    }
    return asked;
  }

  Handler handler_;
  mutable std::mutex mutex_;  // of the handler and what was heard
  std::vector<HttpAsked> heard_;
  std::mutex connections_mutex_;
  std::list<Connection> connections_;
  bool dead_ = false;
  int listener_;
  int port_;
  std::thread accepter_;  // last: it uses all of them
};

}  // namespace qualm::test
