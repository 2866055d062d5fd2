#include "diagnose/attribution.h"

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "numeric/bootstrap.h"
#include "numeric/shapley.h"

namespace qualm::diagnose {
namespace {

/// kld of each window under {nothing, weights, cache, both}: the worth of each coalition, by bit
/// mask.
struct WindowSums {
  std::array<double, 4> kld{};
  double tokens = 0;
};

std::vector<WindowSums> join(const std::array<const evaluate::Measurement*, 3>& measured) {
  std::map<std::int32_t, std::pair<WindowSums, int>> by_window;
  for (std::size_t i = 0; i < measured.size(); ++i)
    for (const auto& window : measured[i]->windows) {
      auto& [sums, seen] = by_window[window.window];
      double kld = 0;
      for (const auto& score : window.scores) kld += static_cast<double>(score.kld);
      sums.kld[i + 1] = kld;
      sums.tokens = static_cast<double>(window.scores.size());
      ++seen;
    }
  std::vector<WindowSums> out;
  for (const auto& [window, entry] : by_window)
    if (entry.second == static_cast<int>(measured.size())) out.push_back(entry.first);
  return out;
}

/// Shares of weights and cache over windows drawn so often; NaN where nothing is lost.
std::array<double, 2> shares(const std::vector<WindowSums>& windows,
                             std::span<const std::uint16_t> draw) {
  std::array<double, 4> worth{};
  for (std::size_t w = 0; w < windows.size(); ++w)
    for (std::size_t mask = 1; mask < worth.size(); ++mask)
      worth[mask] += windows[w].kld[mask] * (draw.empty() ? 1.0 : static_cast<double>(draw[w]));
  const double total = worth[3];
  if (!(total > 0))
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  const auto values = numeric::shapley_values(worth);
  return {values[0] / total, values[1] / total};
}

}  // namespace

Result<std::optional<Shares>> attribute(Case& patient) {
  const std::array wanted{patient.tier_only(), patient.kv_only(), patient.as_run()};
  QUALM_CHECK(patient.prepare(Case::baseline(), wanted));
  std::array<const evaluate::Measurement*, 3> measured{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    QUALM_TRY(measured[i], patient.measured(wanted[i]));
  }
  const auto windows = join(measured);
  const auto point = shares(windows, {});
  if (windows.size() < 2 || std::isnan(point[0])) return std::nullopt;
  const numeric::Resamples resamples(static_cast<std::int64_t>(windows.size()), {});
  const auto interval = [&](double value, auto&& of) {
    return numeric::bootstrap(resamples, value, [&](std::span<const std::uint16_t> draw) {
      return of(shares(windows, draw));
    });
  };
  const auto tier = interval(point[0], [](const std::array<double, 2>& s) { return s[0]; });
  const auto cache = interval(point[1], [](const std::array<double, 2>& s) { return s[1]; });
  const auto difference =
      interval(point[0] - point[1], [](const std::array<double, 2>& s) { return s[0] - s[1]; });
  if (!tier || !cache || !difference) return std::nullopt;
  return Shares{*tier, *cache, difference->low > 0 || difference->high < 0};
}

}  // namespace qualm::diagnose
