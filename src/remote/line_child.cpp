#include "remote/line_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace qualm::remote {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kLastWords = 1000;  // bytes of its stderr
constexpr std::chrono::seconds kToEnd{2};
constexpr int kTurn = 100;  // ms

Error not_started(const std::string& command, const std::string& found) {
  return {Kind::input,
          "REMOTE-023",
          command,
          "",
          "a program and its arguments",
          found,
          "Give it as in 'run:python3 adapters/transformers_adapter.py FOLDER'."};
}

}  // namespace

Result<std::vector<std::string>> split_command(const std::string& command) {
  std::vector<std::string> words;
  bool inside = false;  // of a word
  char quote = 0;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == 0 && c == ' ') {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    if (c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < command.size()) {
      words.back() += command[++i];
    } else {
      words.back() += c;
    }
  }
  if (quote != 0) return fail(not_started(command, "a quote that does not end"));
  if (words.empty() || words.front().empty()) return fail(not_started(command, "no program"));
  return words;
}

Result<std::unique_ptr<LineChild>> LineChild::start(const std::string& command,
                                                    const HttpLimits& limits) {
  QUALM_TRY(auto words, split_command(command));
  auto child = std::unique_ptr<LineChild>(new LineChild(command, limits));
  if (const int error = child->spawn(std::move(words)); error != 0)
    return fail(not_started(command, std::strerror(error)));
  return child;
}

/// errno where it could not be started. Ctrl-C is not for it: a group of its own.
int LineChild::spawn(std::vector<std::string> words) {
  std::array<int, 2> channel{-1, -1};
  std::array<int, 2> errors{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel.data()) != 0) return errno;
  channel_ = channel[0];
  if (::pipe2(errors.data(), O_CLOEXEC) != 0) return ::close(channel[1]), errno;
  errors_ = errors[0];
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, channel[1], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, channel[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int error =
      ::posix_spawnp(&pid_, arguments.front(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(channel[1]);
  ::close(errors[1]);
  if (error != 0) pid_ = -1;
  return error;
}

LineChild::~LineChild() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (channel_ >= 0) ::close(channel_);
  if (errors_ >= 0) ::close(errors_);
}

Result<std::string> LineChild::ask(const std::string& line) {
  const std::string text = line.empty() ? line : line + "\n";
  std::string_view to_say = text;
  const auto until = Clock::now() + std::chrono::seconds(limits_.seconds);
  std::size_t searched = 0;
  while (true) {
    if (const auto end = heard_.find('\n', searched); end != std::string::npos && to_say.empty()) {
      const std::string answer = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      return answer;
    }
    searched = to_say.empty() ? heard_.size() : 0;
    if (static_cast<std::int64_t>(heard_.size()) > limits_.bytes)
      return fail({Kind::input, "REMOTE-024", command_, "",
                   fmt::format("a line of at most {} bytes", limits_.bytes), "more",
                   "It must answer as adapters/README.md says."});
    if (Clock::now() > until)
      return fail({Kind::input, "REMOTE-024", command_, "", "an answer",
                   fmt::format("none in {} s", limits_.seconds), "Look at what it does."});
    if (!turn(to_say)) return fail(ended());
  }
}

/// Says, hears, and waits for a moment. False: it has ended.
bool LineChild::turn(std::string_view& to_say) {
  const auto wanted = static_cast<short>(POLLIN | (to_say.empty() ? 0 : POLLOUT));
  std::array<pollfd, 2> polled{pollfd{channel_, wanted, 0}, pollfd{errors_, POLLIN, 0}};
  if (::poll(polled.data(), polled.size(), kTurn) <= 0) return true;
  if (polled[1].revents != 0 && !take_error()) ::close(std::exchange(errors_, -1));
  if ((polled[0].revents & POLLOUT) != 0) {
    const ssize_t n = ::send(channel_, to_say.data(), to_say.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) to_say.remove_prefix(static_cast<std::size_t>(n));
  }
  if ((polled[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) return true;
  std::array<char, 1 << 16> buffer;
  const ssize_t n = ::recv(channel_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n > 0) heard_.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/// False: its stderr is closed.
bool LineChild::take_error() {
  std::array<char, 4096> buffer;
  const ssize_t n = ::read(errors_, buffer.data(), buffer.size());
  if (n > 0) words_.append(buffer.data(), static_cast<std::size_t>(n));
  if (words_.size() > kLastWords) words_.erase(0, words_.size() - kLastWords);
  return n > 0 || (n < 0 && errno == EINTR);
}

Error LineChild::ended() {
  const auto until = Clock::now() + kToEnd;
  int status = 0;
  pid_t gone = 0;
  while (gone == 0 && Clock::now() < until) {
    pollfd polled{errors_, POLLIN, 0};
    if (::poll(&polled, 1, kTurn) > 0 && !take_error()) ::close(std::exchange(errors_, -1));
    gone = ::waitpid(pid_, &status, WNOHANG);
  }
  while (errors_ >= 0 && take_error()) {
  }
  std::string found = "it closed its stdout";
  if (gone == pid_) {
    ::kill(-std::exchange(pid_, -1), SIGKILL);  // what it has started
    found = WIFSIGNALED(status) ? fmt::format("killed by signal {}", WTERMSIG(status))
                                : fmt::format("exit code {}", WEXITSTATUS(status));
  }
  const std::string_view words = trimmed(words_);
  // Of a traceback the last line says what is wrong.
  if (const auto last = words.substr(words.rfind('\n') + 1); !last.empty())
    found += "; its last words: " + printable(std::string(last));
  return {Kind::input,
          "REMOTE-024",
          command_,
          "",
          "an answer",
          found,
          "Start the command in a shell: it must write its first line, and then wait for lines."};
}

}  // namespace qualm::remote
