#include "evaluate/joint.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "numeric/bootstrap.h"

namespace qualm::evaluate {
namespace {

/// Totals over the windows of a draw, of each measurement; written into the same place each time.
class Totals {
 public:
  explicit Totals(const Joint& joint)
      : joint_(joint), sums_(joint.sums.empty() ? 0 : joint.sums.front().size()) {}
  /// Empty: every window once.
  std::span<const double> operator()(std::span<const std::uint16_t> draw) {
    std::ranges::fill(sums_, 0.0);
    for (std::size_t w = 0; w < joint_.sums.size(); ++w) {
      const double times = draw.empty() ? 1.0 : static_cast<double>(draw[w]);
      if (times == 0) continue;
      const std::span<const double> of_window(joint_.sums[w]);
      for (std::size_t i = 0; i < of_window.size(); ++i) sums_[i] += times * of_window[i];
    }
    return sums_;
  }

 private:
  const Joint& joint_;
  std::vector<double> sums_;
};

double cost_of(const Score& score, PositionCost cost) {
  if (score.lost) return std::nan("");
  return score.finite ? cost(score) : 0.0;
}

bool enough(const Joint& joint) {
  return static_cast<std::int64_t>(joint.windows()) >= numeric::kFewestClusters;
}

/// Enough that an interval of a small share of one check's error does not hang on one of them.
constexpr int kResamples = 10'000;

}  // namespace

double kld_of(const Score& score) noexcept { return static_cast<double>(score.kld); }
double lost_likelihood(const Score& score) noexcept { return score.nll_q - score.nll_p; }

Joint join(std::span<const Measurement* const> measured, PositionCost cost) {
  std::map<std::int32_t, std::vector<double>> by_window;
  for (const Measurement* one : measured)
    for (const WindowScores& window : one->windows) {
      double sum = 0;
      for (const Score& score : window.scores) sum += cost_of(score, cost);
      by_window[window.window].push_back(sum);
    }
  Joint joint;
  for (auto& [window, sums] : by_window)
    if (sums.size() == measured.size()) joint.sums.push_back(std::move(sums));
  return joint;
}

std::optional<numeric::Estimate> estimate(const Joint& joint, const OfTotals& of,
                                          double confidence) {
  if (!enough(joint)) return std::nullopt;
  const numeric::Resamples resamples(static_cast<std::int64_t>(joint.windows()),
                                     {.resamples = kResamples, .confidence = confidence});
  Totals totals(joint);
  return numeric::bootstrap(resamples, of(totals({})),
                            [&](std::span<const std::uint16_t> draw) { return of(totals(draw)); });
}

std::optional<numeric::Estimate> estimate_difference(const Joint& a, const Joint& b,
                                                     const OfTotals& of, double confidence) {
  if (!enough(a) || !enough(b)) return std::nullopt;
  const numeric::Resamples of_a(static_cast<std::int64_t>(a.windows()),
                                {.resamples = kResamples, .confidence = confidence});
  const numeric::Resamples of_b(static_cast<std::int64_t>(b.windows()),
                                {.resamples = kResamples, .seed = 2, .confidence = confidence});
  Totals totals_a(a);
  Totals totals_b(b);
  return numeric::bootstrap(
      of_a, of_b, of(totals_a({})) - of(totals_b({})),
      [&](std::span<const std::uint16_t> x, std::span<const std::uint16_t> y) {
        return of(totals_a(x)) - of(totals_b(y));
      });
}

}  // namespace qualm::evaluate
