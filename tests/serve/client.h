// Plain sockets as a client, and a server with a job that does what a test tells it.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "serve/server.h"
#include "support/places.h"

namespace qualm::serve {

inline const std::string kToken = "a-token-of-the-tests-0123456789";
inline const std::string kPage =
    "<!doctype html><style>p{}</style><script>let a = 1;</script><p>page</p>";

/// A connection to a port of this machine.
class Socket {
 public:
  explicit Socket(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  void say(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  /// Everything that comes, until the other end closes, `enough` says so, or the time is over.
  std::string hear(const std::function<bool(const std::string&)>& enough = {},
                   std::chrono::milliseconds most = std::chrono::seconds(5)) {
    std::string heard;
    const auto end = std::chrono::steady_clock::now() + most;
    while (!(enough && enough(heard))) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd polled{descriptor_, POLLIN, 0};
      if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) <= 0) break;
      std::array<char, 65536> buffer;
      const ssize_t n = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
      if (n <= 0) {
        closed = true;
        break;
      }
      heard.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return heard;
  }

  bool closed = false;  ///< the other end has closed it

 private:
  int descriptor_;
};

struct Heard {
  int status = 0;  ///< 0: no answer
  std::string headers;
  std::string body;
  [[nodiscard]] nlohmann::json json() const {
    return nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  }
  /// The code of the error in it.
  [[nodiscard]] std::string code() const {
    const auto parsed = json();
    return parsed.is_object() && parsed.contains("error") ? parsed["error"].value("code", "") : "";
  }
};

inline Heard parsed(const std::string& text) {
  Heard heard;
  const auto end = text.find("\r\n\r\n");
  if (end == std::string::npos || !text.starts_with("HTTP/1.1 ")) return heard;
  heard.status = std::stoi(text.substr(9, 3));
  heard.headers = text.substr(0, end);
  heard.body = text.substr(end + 4);
  return heard;
}

/// A job that says what it is told, and ends when it is released or cancelled.
class FakeJob {
 public:
  Result<job::Outcome> operator()(const job::Request& request, const job::JobWatch& watch) {
    std::unique_lock lock(mutex_);
    requests.push_back(request);
    for (const Json& event : events) watch.heard(event);
    ++running_;
    changed_.notify_all();
    while (held && !watch.cancelled()) changed_.wait_for(lock, std::chrono::milliseconds(5));
    --running_;
    if (watch.cancelled())
      return fail({Kind::cancelled, "JOB-002", "", "", "an answer", "stopped on request", ""});
    if (throws) throw std::runtime_error("of the fake");
    return outcome;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held = false;
    changed_.notify_all();
  }
  /// False: none began within five seconds.
  bool wait_until_running() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [this] { return running_ > 0; });
  }

  // To be set before the job begins.
  bool held = false;
  bool throws = false;
  std::vector<Json> events;
  Result<job::Outcome> outcome = job::Outcome{
      {{"command", "diagnose"}, {"verdict", "problem"}, {"summary", "It is <broken>."}}, 1};
  std::vector<job::Request> requests;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;
};

/// As the server writes paths.
inline std::string normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

/// A root with a model in it, a server over it, and a client.
struct World : test::Scratch {
  World() {
    std::filesystem::create_directories(path("root/sub"));
    std::filesystem::create_directories(path("home"));
    test::write(path("root/m.gguf"), "GGUF");
    test::write(path("root/sub/t.txt"), "text");
    limits.patience = std::chrono::seconds(20);
  }
  ~World() { server.reset(); }

  Result<std::unique_ptr<Server>> begin(int port = 0) {
    return Server::start(
        {.port = port,
         .root = path("root"),
         .token = kToken,
         .history = path("state/qualm/history.sqlite"),
         .environment = {.home = path("home")},
         .made = {.page = kPage, .html = html, .models = models},
         .runner = [this](const job::Request& request,
                          const job::JobWatch& watch) { return job(request, watch); },
         .note = [this](const std::string& line) { notes.push_back(line); },
         .limits = limits});
  }
  void start() {
    auto started = begin();
    ASSERT_TRUE(started) << describe(started.error());
    server = *std::move(started);
  }
  /// Begins a job that runs until it is released; its id.
  std::string start_held() {
    job.held = true;
    start();
    const std::string id = server ? diagnose() : "";
    EXPECT_TRUE(job.wait_until_running());
    return id;
  }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(server->port()); }
  [[nodiscard]] std::string head(const std::string& method, const std::string& target) const {
    return method + " " + target + " HTTP/1.1\r\nHost: " + host() + "\r\nAuthorization: Bearer " +
           kToken + "\r\n";
  }
  /// What the server answers to these bytes, and closes.
  [[nodiscard]] Heard raw(const std::string& request) const {
    Socket socket(server->port());
    socket.say(request);
    return parsed(socket.hear());
  }
  [[nodiscard]] Heard get(const std::string& target) const {
    return raw(head("GET", target) + "Connection: close\r\n\r\n");
  }
  [[nodiscard]] Heard send(const std::string& method, const std::string& target,
                           const std::string& body = "") const {
    return raw(head(method, target) + "Connection: close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  /// The id of a new job.
  [[nodiscard]] std::string diagnose() const {
    const Heard heard = send("POST", "/api/jobs", R"({"command":"diagnose","candidate":"m.gguf"})");
    EXPECT_EQ(heard.status, 201) << heard.body;
    return heard.status == 201 ? heard.json()["id"].get<std::string>() : "";
  }
  [[nodiscard]] nlohmann::json job_of(const std::string& id) const {
    return get("/api/jobs/" + id).json();
  }
  /// The job, once it has this status.
  [[nodiscard]] nlohmann::json wait_for(const std::string& id, const std::string& status) const {
    nlohmann::json found;
    for (int i = 0; i < 500; ++i) {
      found = job_of(id);
      if (found.value("status", "") == status) return found;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << "never " << status << ": " << found.dump();
    return found;
  }

  Limits limits;
  FakeJob job;
  std::function<std::string(const Json&)> html;
  std::function<Result<Json>()> models = [] { return Json{{"command", "models"}}; };
  std::vector<std::string> notes;
  std::unique_ptr<Server> server;
};

}  // namespace qualm::serve
