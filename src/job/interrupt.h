// Ctrl-C, counted instead of obeyed.
#pragma once

namespace qualm::job {

/// From now on SIGINT and SIGTERM are counted, and a write to a closed pipe is an error, not a
/// death.
void catch_interrupts();

/// How often the user has asked to stop: once is "keep what you have", twice is "at once".
[[nodiscard]] int interrupts() noexcept;

}  // namespace qualm::job
