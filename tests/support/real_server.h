// A server that people run, started by a test on a port of its own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <thread>

#include "remote/server.h"
#include "support/free_port.h"
#include "support/process.h"

namespace qualm::test {

/// It runs until the test is over. What it prints goes to a file.
class RealServer {
 public:
  /// `command`: of a server on that port.
  RealServer(const std::string& log, const std::function<Command(const std::string&)>& command)
      : port_(free_port()) {
    const Command start = command(std::to_string(port_));
    child_ = ::fork();
    if (child_ != 0) return;
    ::setpgid(0, 0);  // it may start processes of its own
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int in = ::open("/dev/null", O_RDONLY);
    internal::become(start, in, out, out);
  }
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer() {
    ::kill(-child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// It answers, as a server that can be asked or as one that is refused. False: it has ended, or
  /// does not begin to answer in that time.
  [[nodiscard]] bool ready(std::chrono::seconds most = std::chrono::seconds(30)) const {
    const auto end = std::chrono::steady_clock::now() + most;
    while (std::chrono::steady_clock::now() < end && ::waitpid(child_, nullptr, WNOHANG) == 0) {
      const auto server = remote::open_server(address(), "", {.connect_seconds = 1});
      if (server || server.error().code == "REMOTE-025") return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

 private:
  int port_;
  pid_t child_ = -1;
};

}  // namespace qualm::test
