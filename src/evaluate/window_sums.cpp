#include "evaluate/window_sums.h"

#include "evaluate/measurement.h"

namespace qualm::evaluate {

void WindowSums::add(const Score& score) noexcept {
  if (!score.finite) {
    ++not_finite;
    lost += score.lost ? 1 : 0;
    return;
  }
  const auto change = static_cast<double>(score.delta_p);
  ++tokens;
  nll_p += score.nll_p;
  nll_q += score.nll_q;
  kld += static_cast<double>(score.kld);
  delta_p += change;
  delta_p_squared += change * change;
  same_top += score.same_top ? 1 : 0;
}

WindowSums sums_of(const WindowScores& window) noexcept {
  if (window.sums) return *window.sums;
  WindowSums sums;
  for (const Score& score : window.scores) sums.add(score);
  return sums;
}

}  // namespace qualm::evaluate
