#include "job/job.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/file.h"
#include "engine/rpc.h"
#include "job/events.h"
#include "job/interrupt.h"

namespace qualm::job {
namespace {

constexpr std::size_t kLastWords = 4096;  // bytes of the job's stderr that are kept

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { close_read(), close_write(); }
  [[nodiscard]] int read_end() const noexcept { return ends_[0]; }
  [[nodiscard]] int write_end() const noexcept { return ends_[1]; }
  void close_read() { close_one(ends_[0]); }
  void close_write() { close_one(ends_[1]); }

 private:
  static void close_one(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  std::array<int, 2> ends_{-1, -1};
};

/// A child process that talks through three pipes.
class Child {
 public:
  ~Child() {
    if (pid_ > 0) {
      signal(SIGKILL);
      static_cast<void>(wait());
    }
  }
  /// errno where it could not be started.
  [[nodiscard]] int start(const std::string& program) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in_.read_end(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out_.write_end(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err_.write_end(), STDERR_FILENO);
    std::string name = "qualm";
    std::string command = "job";
    std::array<char*, 3> arguments{name.data(), command.data(), nullptr};
    std::vector<std::string> variables = job_environment();
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(),
                                    environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) pid_ = -1;
    in_.close_read();
    out_.close_write();
    err_.close_write();
    return error;
  }
  void say(std::string_view text) {
    static_cast<void>(write_all(in_.write_end(), text));  // if it died already, its end will tell
    in_.close_write();
  }
  /// Waits a moment for output. False when both pipes are at their end.
  [[nodiscard]] bool listen(auto&& on_out, auto&& on_err) {
    std::array<pollfd, 2> polled{pollfd{out_.read_end(), POLLIN, 0},
                                 pollfd{err_.read_end(), POLLIN, 0}};
    if (polled[0].fd < 0 && polled[1].fd < 0) return false;
    if (::poll(polled.data(), polled.size(), 100) <= 0) return true;
    if (polled[0].revents != 0 && !pass(out_.read_end(), on_out)) out_.close_read();
    if (polled[1].revents != 0 && !pass(err_.read_end(), on_err)) err_.close_read();
    return true;
  }
  void signal(int number) const { ::kill(pid_, number); }
  [[nodiscard]] int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  static bool pass(int descriptor, auto&& to) {
    std::array<char, 65536> buffer;
    const ssize_t n = ::read(descriptor, buffer.data(), buffer.size());
    if (n > 0) to(std::string_view(buffer.data(), static_cast<std::size_t>(n)));
    return n > 0 || (n < 0 && errno == EINTR);
  }
  Pipe in_;
  Pipe out_;
  Pipe err_;
  pid_t pid_ = -1;
};

std::string advice_for(int signal) {
  switch (signal) {
    case SIGKILL:
      return "Probably memory ran out: close other programs, or take a smaller -c or -b.";
    case SIGABRT:
      return "The engine gave up on a check of its own: its last lines say which.";
    case SIGBUS:
      return "A model file was cut short, or its disk failed, while it was being read.";
    case SIGILL:
      return "This build of libllama does not fit this processor.";
    default:
      return "Run it again with -v, and report it with the last lines.";
  }
}

/// The last eight lines as one.
std::string last_lines(std::string_view words) {
  std::string text;
  for (int lines = 0; lines < 8 && !words.empty();) {
    const auto end = words.rfind('\n');  // npos + 1 is 0: the only line left
    const std::string_view line = words.substr(end + 1);
    words = words.substr(0, end == std::string_view::npos ? 0 : end);
    if (line.empty()) continue;
    text = std::string(line) + (text.empty() ? "" : " | " + text);
    ++lines;
  }
  return text;
}

Error without_answer(const Request& request, int status, const std::string& step,
                     const std::string& words) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  std::string found = signal != 0
                          ? fmt::format("killed by signal {} ({})", signal, ::strsignal(signal))
                          : fmt::format("exit code {}", WEXITSTATUS(status));
  if (const std::string lines = last_lines(words); !lines.empty())
    found += "; its last lines: " + lines;
  return {Kind::engine,
          "JOB-001",
          request.models.empty() ? "" : request.models.front(),
          step.empty() ? "at the start" : "while " + step,
          "the engine's process to answer",
          found,
          advice_for(signal)};
}

/// A server that does not answer any more, if the job died of that: ggml then ends its process.
std::optional<Error> server_gone(const Request& request, const std::string& step) {
  const engine::Devices& devices = request.settings.devices;
  const auto reach =
      devices.rpc_unsafe ? engine::RpcReach::anywhere : engine::RpcReach::private_only;
  for (const std::string& server : devices.rpc) {
    const auto greeted = engine::greet(server, reach);
    if (greeted) continue;
    return Error{Kind::engine,
                 "JOB-006",
                 server,
                 step.empty() ? "at the start" : "while " + step,
                 "an RPC server that stays",
                 greeted.error().found,
                 "Start the server again. What was measured is kept: the same command goes on from "
                 "there."};
  }
  return std::nullopt;
}

bool sets(const std::vector<std::string>& variables, std::string_view name) {
  return std::ranges::any_of(
      variables, [&](const std::string& variable) { return variable.starts_with(name); });
}

}  // namespace

std::vector<std::string> job_environment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  const bool chosen = sets(variables, "OMP_WAIT_POLICY=") || sets(variables, "GOMP_SPINCOUNT=");
  // A few 10 us: waiting within an operation spins, and a neighbour's time slice does not.
  if (!chosen) variables.emplace_back("GOMP_SPINCOUNT=3000");
  // What one thread gives back another one takes, where all take from one heap; and a block of many
  // megabytes leaves no hole in it.
  for (const std::string_view glibc : {"MALLOC_ARENA_MAX=1", "MALLOC_MMAP_THRESHOLD_=1048576"})
    if (!sets(variables, glibc.substr(0, glibc.find('=') + 1))) variables.emplace_back(glibc);
  return variables;
}

namespace {

/// Asks the child to stop where somebody wants that; true once it was asked.
using Stop = std::function<bool(const Child& child)>;

Result<Outcome> follow(const Request& request, const std::string& program, EventReader& reader,
                       const Stop& stop) {
  Child child;
  if (const int error = child.start(program); error != 0)
    return fail({Kind::engine, "JOB-005", program, "", "to start the engine's process",
                 std::strerror(error), "Check the limits of this account (ulimit -u, ulimit -n)."});
  // CBOR, not JSON text: a path may hold bytes that are no UTF-8, and they must arrive.
  const auto message = nlohmann::json::to_cbor(to_json(request));
  child.say({reinterpret_cast<const char*>(message.data()), message.size()});

  std::string words;
  bool asked = false;
  while (child.listen([&](std::string_view out) { reader.feed(out); },
                      [&](std::string_view err) {
                        words += err;
                        if (words.size() > kLastWords) words.erase(0, words.size() - kLastWords);
                      }))
    asked = stop(child);
  const int status = child.wait();
  if (reader.ending()) return std::move(*reader.ending());
  if (asked)
    return fail({Kind::cancelled, "JOB-002", "", reader.step(), "an answer", "stopped on request",
                 "What was measured is kept: the same command goes on from there."});
  if (auto gone = server_gone(request, reader.step())) return fail(*std::move(gone));
  return fail(without_answer(request, status, reader.step(), words));
}

}  // namespace

Result<Outcome> run_job(const Request& request, Progress& progress, const std::string& program) {
  EventReader reader(progress);
  return follow(request, program, reader, [asked = 0](const Child& child) mutable {
    if (interrupts() != asked) {
      asked = interrupts();
      child.signal(asked == 1 ? last_interrupt() : SIGKILL);
    }
    return asked > 0;
  });
}

Result<Outcome> run_job(const Request& request, const JobWatch& watch, const std::string& program) {
  using Clock = std::chrono::steady_clock;
  Progress nobody;
  EventReader reader(nobody, watch.heard);
  std::optional<Clock::time_point> asked;
  return follow(request, program, reader, [&](const Child& child) {
    if (!asked && watch.cancelled && watch.cancelled()) {
      asked = Clock::now();
      child.signal(SIGTERM);
    }
    if (asked && Clock::now() - *asked > std::chrono::seconds(kPatience)) child.signal(SIGKILL);
    return asked.has_value();
  });
}

}  // namespace qualm::job
