#include "evaluate/watch.h"

#include <algorithm>
#include <cmath>

namespace qualm::evaluate {
namespace {

// Windows of each stratum, before a loss is called under its line. What is rare in a text can only
// make the windows read look better than the whole (tests/evaluate/order_simulation_slow.cpp).
constexpr std::int64_t kRoundsToClear = 2;

}  // namespace

std::optional<double> window_mean(const WindowScores& window, StopRule::Quantity quantity) {
  double sum = 0;
  std::int64_t count = 0;
  for (const Score& score : window.scores) {
    if (!score.finite) continue;
    sum += quantity == StopRule::Quantity::kld_mean ? static_cast<double>(score.kld)
                                                    : score.nll_q - score.nll_p;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

void Watch::add(const WindowScores& window) {
  if (rule_.quantity == StopRule::Quantity::never) return;
  ++windows_;
  lost_ = lost_ || std::ranges::any_of(window.scores, &Score::lost);
  if (const auto mean = window_mean(window, rule_.quantity)) sequence_.add(*mean);
}

bool Watch::decided() const {
  if (rule_.quantity == StopRule::Quantity::never) return false;
  // A lost position is a fault, whatever the others say: no interval is under a line with it.
  if (lost_) return windows_ >= std::max(rule_.at_least, numeric::kFewestClusters);
  const std::int64_t read = sequence_.count();
  const auto now = interval();
  if (!now || read < std::max(rule_.at_least, strata_)) return false;
  return now->low > rule_.threshold ||
         (now->high < rule_.threshold && read >= kRoundsToClear * strata_);
}

std::optional<Stopped> Watch::stopped() const {
  const auto now = interval();
  if (lost_ || !now) return std::nullopt;
  return Stopped{watches_ppl() ? MetricId::ppl_change : MetricId::kld_mean, *now};
}

std::optional<numeric::Estimate> Watch::interval() const {
  auto now = sequence_.interval();
  if (now && watches_ppl())
    now = {std::expm1(now->value), std::expm1(now->low), std::expm1(now->high)};
  return now;
}

}  // namespace qualm::evaluate
