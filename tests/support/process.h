// Programs run by tests: what they are given, what they say, how they end.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qualm::test {

struct Command {
  std::vector<std::string> words{};                  ///< the program first
  std::map<std::string, std::string> environment{};  ///< added to the test's own
  std::string input{};                               ///< its stdin; must fit a pipe
  std::string out_to{};                              ///< a file for its stdout instead of the test
  std::string err_to{};                              ///< likewise stderr
  std::string folder{};                              ///< where it runs
  std::optional<rlim_t> largest_file{};              ///< RLIMIT_FSIZE, its signal ignored
  /// Asked every 10 ms while it runs; true sends it SIGINT, once.
  std::function<bool()> interrupt{};
};

struct Ended {
  int exit_code = -1;  ///< -1: it was killed
  int signal = 0;      ///< by which signal
  std::string out;
  std::string err;
};

namespace internal {

[[noreturn]] inline void become(const Command& command, int in, int out, int err) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(command.out_to.empty() ? out : ::open(command.out_to.c_str(), O_WRONLY), STDOUT_FILENO);
  ::dup2(command.err_to.empty() ? err : ::open(command.err_to.c_str(), O_WRONLY), STDERR_FILENO);
  for (const auto& [name, value] : command.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (command.largest_file) {
    const rlimit limit{*command.largest_file, *command.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);
  }
  if (!command.folder.empty() && ::chdir(command.folder.c_str()) != 0) ::_exit(126);
  std::vector<std::string> words = command.words;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace internal

inline Ended run(const Command& command) {
  std::array<std::array<int, 2>, 3> pipes{};
  for (auto& ends : pipes)
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) internal::become(command, pipes[0][0], pipes[1][1], pipes[2][1]);
  ::close(pipes[0][0]), ::close(pipes[1][1]), ::close(pipes[2][1]);
  if (::write(pipes[0][1], command.input.data(), command.input.size()) < 0) std::abort();
  ::close(pipes[0][1]);

  Ended ended;
  bool interrupted = !command.interrupt;
  std::array<pollfd, 2> polled{pollfd{pipes[1][0], POLLIN, 0}, pollfd{pipes[2][0], POLLIN, 0}};
  const std::array<std::string*, 2> texts{&ended.out, &ended.err};
  while (polled[0].fd >= 0 || polled[1].fd >= 0) {
    if (!interrupted && command.interrupt()) {
      interrupted = true;
      ::kill(child, SIGINT);
    }
    if (::poll(polled.data(), polled.size(), 10) <= 0) continue;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t n = ::read(polled[i].fd, buffer.data(), buffer.size());
      if (n > 0) {
        texts[i]->append(buffer.data(), static_cast<std::size_t>(n));
      } else {
        ::close(polled[i].fd);
        polled[i].fd = -1;
      }
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  return ended;
}

}  // namespace qualm::test
