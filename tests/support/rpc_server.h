// A ggml-rpc-server on a port of its own, on the kernels that tests run with.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "engine/rpc.h"
#include "support/free_port.h"
#include "support/places.h"

namespace qualm::test {

/// Why no server can be started here; empty: one can.
inline std::string no_rpc_server() {
  const std::filesystem::path program = QUALM_RPC_SERVER;
  if (program.empty()) return "NO RPC SERVER: run tools/setup.sh peers, then cmake again";
  return std::filesystem::exists(program) ? "" : "NO RPC SERVER: " + program.string() + " is gone";
}

class RpcServer {
 public:
  explicit RpcServer(const Scratch& scratch, int port = free_port()) : port_(port) {
    namespace fs = std::filesystem;
    // It takes the backends that lie beside the loader it was started with: a copy of the loader,
    // beside those that tests run with.
    const fs::path system = fs::path(QUALM_RPC_SERVER).parent_path().parent_path().parent_path();
    const fs::path libs = system.parent_path().parent_path() / "lib" / system.filename();
    const fs::path folder = scratch.path("rpc");
    if (fs::create_directories(folder)) {
      const char* kernels = std::getenv("QUALM_GGML_BACKENDS");
      for (const auto& one : fs::directory_iterator(kernels ? fs::path(kernels) : libs))
        if (one.path().filename().string().starts_with("libggml-"))
          fs::create_symlink(fs::canonical(one.path()), folder / one.path().filename());
      fs::copy_file(fs::canonical(libs / "ld-linux-x86-64.so.2"), folder / "loader");
    }
    words_ = {folder / "loader",
              "--library-path",
              libs.string() + ":" + (libs / "llama").string(),
              QUALM_RPC_SERVER,
              "-p",
              std::to_string(port),
              "-t",
              "1"};
    start();
  }
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;
  ~RpcServer() { kill(); }

  void start() {
    pid_ = ::fork();
    if (pid_ == 0) become();
    for (int tries = 0; tries < 600; ++tries) {
      if (engine::greet(address(), engine::RpcReach::private_only)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ADD_FAILURE() << "the RPC server did not start";
  }
  /// With SIGKILL.
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] bool alive() const noexcept { return pid_ > 0; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  [[noreturn]] void become() {
    std::vector<char*> arguments;
    for (std::string& word : words_) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, STDOUT_FILENO);
    ::dup2(null, STDERR_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int port_;
  pid_t pid_ = -1;
  std::vector<std::string> words_;
};

}  // namespace qualm::test
