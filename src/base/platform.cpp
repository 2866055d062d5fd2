#include "base/platform.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
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

std::int64_t free_memory() noexcept {
  return static_cast<std::int64_t>(::sysconf(_SC_AVPHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
}

void stop_with_parent() noexcept { ::prctl(PR_SET_PDEATHSIG, SIGTERM); }

#else  // macOS: not tested

int open_anonymous_file(const std::string& name) {
  static_cast<void>(name);
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder ? folder : "/tmp") + "/qualm.XXXXXX";
  const int descriptor = ::mkstemp(path.data());
  if (descriptor >= 0) ::unlink(path.c_str());
  return descriptor;
}

std::string path_of_descriptor(int descriptor) { return "/dev/fd/" + std::to_string(descriptor); }

std::int32_t available_cores() noexcept {
  return std::max(1, static_cast<std::int32_t>(std::thread::hardware_concurrency()));
}

std::int64_t free_memory() noexcept { return total_memory() / 2; }

void stop_with_parent() noexcept {}

#endif

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
