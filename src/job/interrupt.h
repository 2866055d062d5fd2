// Ctrl-C, counted instead of obeyed.
#pragma once

namespace qualm::job {

/// From now on SIGINT and SIGTERM are counted, and a write to a closed pipe is an error, not a
/// death.
void catch_interrupts();

/// From now on a SIGTERM also ends this process after kGrace seconds, whatever it does then: the
/// engine may be in the middle of a long window.
void end_soon_on_term();
inline constexpr unsigned kGrace = 3;  ///< seconds

/// SIGINT or SIGTERM: the last one that was counted.
[[nodiscard]] int last_interrupt() noexcept;

/// How often the user has asked to stop: once is "keep what you have", twice is "at once".
[[nodiscard]] int interrupts() noexcept;

}  // namespace qualm::job
