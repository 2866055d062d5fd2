#include "job/interrupt.h"

#include <atomic>
#include <csignal>

namespace qualm::job {
namespace {

// Signals belong to the process, and so does their count.
std::atomic<int>& count() noexcept {
  static std::atomic<int> value{0};
  return value;
}

}  // namespace

void catch_interrupts() {
  count() = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { ++count(); };  // lock-free, hence safe in a handler
  static_assert(std::atomic<int>::is_always_lock_free);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

int interrupts() noexcept { return count(); }

}  // namespace qualm::job
