#include "base/platform.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

#ifdef __linux__
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <csignal>
#endif

namespace qualm {

std::int64_t total_memory() noexcept {
  return static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
}

#ifdef __linux__

int open_anonymous_file(const std::string& name) {
  return ::memfd_create(name.c_str(), MFD_CLOEXEC);
}

std::string path_of_descriptor(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

std::int32_t available_cores() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

/// The number behind a word of a file of the system's ("MemAvailable: 1024 kB").
static std::optional<std::int64_t> number_after(const char* path, std::string_view word) {
  std::ifstream file(path);
  std::int64_t number = 0;
  if (word.empty()) return file >> number ? std::optional(number) : std::nullopt;
  for (std::string next; file >> next;)
    if (next == word && file >> number) return number;
  return std::nullopt;
}

/// A container may have less than the machine (cgroup v2).
static std::int64_t available_memory() {
  constexpr std::int64_t kKibibyte = 1024;
  const auto kibibytes = number_after("/proc/meminfo", "MemAvailable:");
  const std::int64_t machine =
      kibibytes ? *kibibytes * kKibibyte
                : static_cast<std::int64_t>(::sysconf(_SC_AVPHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
  const auto most = number_after("/sys/fs/cgroup/memory.max", "");
  const auto used = number_after("/sys/fs/cgroup/memory.current", "");
  if (!most || !used) return machine;
  const auto files = number_after("/sys/fs/cgroup/memory.stat", "inactive_file").value_or(0);
  return std::clamp<std::int64_t>(*most - *used + files, 0, machine);
}

std::int64_t mapped_memory() noexcept {
  return number_after("/proc/self/statm", "").value_or(0) * ::sysconf(_SC_PAGESIZE);
}

void stop_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGTERM); }

#else  // macOS: not tested

int open_anonymous_file(const std::string& name) {
  static_cast<void>(name);
  const char* folder = std::getenv("TMPDIR");
  return open_unnamed_file(folder ? folder : "/tmp");
}

std::string path_of_descriptor(int descriptor) { return "/dev/fd/" + std::to_string(descriptor); }

std::int32_t available_cores() noexcept {
  return std::max(1, static_cast<std::int32_t>(std::thread::hardware_concurrency()));
}

static std::int64_t available_memory() { return total_memory() / 2; }

std::int64_t mapped_memory() noexcept { return 0; }

void stop_with_parent() noexcept {}

#endif

int open_unnamed_file(const std::string& folder) {
  std::string path = folder + "/qualm.XXXXXX";
  const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
  if (descriptor >= 0) ::unlink(path.c_str());
  return descriptor;
}

std::int64_t free_memory() noexcept {
  const char* told = std::getenv("QUALM_FREE_MEMORY");
  return told && *told ? std::strtoll(told, nullptr, 10) : available_memory();
}

bool owned_by_this_user(const std::string& path) noexcept {
  struct stat about {};
  return ::lstat(path.c_str(), &about) == 0 && about.st_uid == ::getuid();
}

std::string user_folder(const char* variable, const std::string& in_home) {
  const char* named = std::getenv(variable);
  if (named && *named) return std::string(named) + "/qualm";
  const char* home = std::getenv("HOME");
  return (home ? home : "/tmp") + ("/" + in_home) + "/qualm";
}

std::string program_path(const char* argv0) {
  namespace fs = std::filesystem;
  const std::string_view word = argv0 ? argv0 : "";
  std::error_code ignored;
  if (word.find('/') != std::string_view::npos) return fs::absolute(word, ignored).string();
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path ? path : ""; !rest.empty();) {
    const auto end = std::min(rest.find(':'), rest.size());
    const fs::path candidate = fs::path(rest.substr(0, end)) / word;
    if (::access(candidate.c_str(), X_OK) == 0) return fs::absolute(candidate, ignored).string();
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::string(word);
}

}  // namespace qualm
