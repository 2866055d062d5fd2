#include "chat/limited.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <new>
#include <span>

#include "base/file.h"
#include "base/platform.h"

namespace qualm::chat {
namespace {

using Clock = std::chrono::steady_clock;

constexpr rlim_t kMemory = rlim_t{512} << 20;  // bytes more than the process has already
constexpr rlim_t kSeconds = 2;                 // of a core, for one piece
constexpr std::chrono::seconds kWait{120};  // for one piece: a busy machine gives little of a core
constexpr int kNoMemory = 3;                // exit codes of the child
constexpr int kTooMuchText = 4;

void limit(decltype(RLIMIT_CPU) what, rlim_t most) {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return;
  now.rlim_cur = std::min(most, now.rlim_max);
  ::setrlimit(what, &now);
}

/// Whatever handlers the parent has are not for the child, and what the work prints is for nobody.
void become_limited() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGXCPU})
    std::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (nowhere >= 0) ::dup2(nowhere, standard);
  std::set_new_handler([] { ::_exit(kNoMemory); });
  // The models that the parent has mapped count as well, and so does what a sanitizer reserves.
  if (const std::int64_t mapped = mapped_memory(); mapped > 0)
    limit(RLIMIT_AS, static_cast<rlim_t>(mapped) + kMemory);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, 0);
#ifndef __SANITIZE_ADDRESS__  // UBSan's check of vptr opens a pipe to look at an object
  limit(RLIMIT_NOFILE, 0);
#endif
}

[[noreturn]] void work(const Pieces& pieces, int out) {
  become_limited();
  for (std::size_t i = 0; i < pieces.count; ++i) {
    const auto used = static_cast<rlim_t>(std::clock() / CLOCKS_PER_SEC);
    limit(RLIMIT_CPU, used + kSeconds);
    const std::string text = pieces.answer(i);
    if (text.size() > pieces.most_bytes) ::_exit(kTooMuchText);
    const std::uint64_t size = text.size();
    if (write_all(out, std::as_bytes(std::span(&size, 1))) != 0 || write_all(out, text) != 0) break;
  }
  ::_exit(0);
}

/// Takes complete answers from the front of what was read. False for what no child of ours writes.
bool take_answers(std::string& read, const Pieces& pieces, std::vector<std::string>& texts) {
  std::uint64_t size = 0;
  while (read.size() >= sizeof(size)) {
    std::memcpy(&size, read.data(), sizeof(size));
    if (size > pieces.most_bytes || texts.size() == pieces.count) return false;
    if (read.size() - sizeof(size) < size) return true;
    texts.push_back(read.substr(sizeof(size), size));
    read.erase(0, sizeof(size) + size);
  }
  return true;
}

/// Reads until all is said, the child is silent for too long (false), or it ends.
bool listen(int in, const Pieces& pieces, std::vector<std::string>& texts) {
  std::string read;
  std::array<char, 65536> buffer;
  auto until = Clock::now() + kWait;
  while (texts.size() < pieces.count) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd polled{in, POLLIN, 0};
    if (::poll(&polled, 1, static_cast<int>(left)) <= 0) continue;
    const ssize_t n = ::read(in, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return true;
    read.append(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t before = texts.size();
    if (!take_answers(read, pieces, texts)) return true;
    if (texts.size() > before) until = Clock::now() + kWait;
  }
  return true;
}

void explain(int status, const Pieces& pieces, Answers& answers) {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  answers.end = signal == SIGXCPU ? Answers::End::too_long : Answers::End::too_much;
  if (signal == SIGXCPU) {
    answers.why = fmt::format("it took {} s of a core", kSeconds);
  } else if (code == kTooMuchText) {
    answers.why = fmt::format("a text of more than {} bytes", pieces.most_bytes);
  } else if (code == kNoMemory) {
    answers.why = fmt::format("more than {} MiB of memory", kMemory >> 20);
  } else if (signal != 0) {
    answers.why =
        fmt::format("it crashed, as one that is nested too deep does ({})", ::strsignal(signal));
  } else {
    answers.why = fmt::format("it ended with exit code {}", code);
  }
}

}  // namespace

Answers answer_limited(const Pieces& pieces) {
  Answers answers;
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return {{}, Answers::End::no_process, std::strerror(errno)};
  const pid_t child = ::fork();
  if (child == 0) work(pieces, ends[1]);
  const int error = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return {{}, Answers::End::no_process, std::strerror(error)};
  }
  const bool in_time = listen(ends[0], pieces, answers.texts);
  ::close(ends[0]);
  const bool complete = answers.texts.size() == pieces.count;
  if (!in_time || complete) ::kill(child, SIGKILL);  // one that has said all has nothing left to do
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (complete) return answers;
  if (in_time) {
    explain(status, pieces, answers);
  } else {
    answers.end = Answers::End::too_long;
    answers.why = fmt::format("it took {} s", kWait.count());
  }
  return answers;
}

}  // namespace qualm::chat
