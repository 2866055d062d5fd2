// What the scores of a window add up to: all that means over windows need.
#pragma once

#include <cstdint>

namespace qualm::evaluate {

struct Score;
struct WindowScores;

/// Sums over the finite positions of one window, and how many there are.
struct WindowSums {
  std::int64_t tokens = 0;  ///< finite positions
  double nll_p = 0;
  double nll_q = 0;
  double kld = 0;
  double delta_p = 0;
  double delta_p_squared = 0;
  std::int64_t same_top = 0;
  std::int64_t not_finite = 0;
  std::int64_t lost = 0;  ///< of those that are not finite

  void add(const Score& score) noexcept;
  friend bool operator==(const WindowSums&, const WindowSums&) = default;
};

/// Of the scores; where only the sums are known, these.
[[nodiscard]] WindowSums sums_of(const WindowScores& window) noexcept;

}  // namespace qualm::evaluate
