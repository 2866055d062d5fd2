#include "job/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace qualm::job {
namespace {

// Signals belong to the process, and so does their count.
std::atomic<int>& count() noexcept {
  static std::atomic<int> value{0};
  return value;
}

std::atomic<int>& last() noexcept {
  static std::atomic<int> value{SIGINT};
  return value;
}

/// Seconds; 0: SIGTERM is counted like SIGINT.
std::atomic<unsigned>& grace() noexcept {
  static std::atomic<unsigned> value{0};
  return value;
}

/// All that a handler may call: lock-free atomics and alarm.
void handle(int signal) {
  ++count();
  last() = signal;
  if (signal == SIGTERM && grace() > 0) ::alarm(grace());
}

}  // namespace

void catch_interrupts() {
  count() = 0;
  last() = SIGINT;
  struct sigaction action {};
  action.sa_handler = handle;
  static_assert(std::atomic<int>::is_always_lock_free);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

void end_soon_on_term() { grace() = kGrace; }

int last_interrupt() noexcept { return last(); }

int interrupts() noexcept { return count(); }

}  // namespace qualm::job
