#include "commands/pick.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/summary.h"

namespace qualm::commands {
namespace {

using diagnose::Side;
using evaluate::MetricId;

Side side_of_limit(const evaluate::Measurement& measured, const PickBy& by) {
  if (measured.lost > 0) return Side::above;
  const auto estimate = evaluate::deciding(measured, by.limit.metric, by.confidence);
  if (!estimate) return Side::not_separated;
  if (estimate->low > by.limit.threshold) return Side::above;
  // A perplexity below the original's is no measure of a loss.
  const bool anomaly =
      by.limit.metric == MetricId::ppl_change && diagnose::below_original(measured);
  return estimate->high < by.limit.threshold && !anomaly ? Side::below : Side::not_separated;
}

/// Absent where the cache decides and its size is not known.
std::optional<bool> fits(std::int64_t file, std::optional<std::int64_t> cache,
                         std::int64_t memory) {
  if (file > memory) return false;
  if (!cache) return std::nullopt;
  return *cache <= memory - file;
}

}  // namespace

job::Condition default_limit() {
  constexpr double kEndOfSmall = diagnose::kGradesFrom[2];
  return {fmt::format("kld_mean<{}", kEndOfSmall), MetricId::kld_mean, false, kEndOfSmall};
}

report::Ladder ladder_of(const std::vector<report::MeasureResult>& results,
                         const std::vector<std::optional<std::int64_t>>& cache_bytes,
                         const PickBy& by) {
  report::Ladder ladder{.limit = by.limit.text, .memory = by.memory, .rungs = {}, .picked = {}};
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto bytes = static_cast<std::int64_t>(results[i].candidate.file_bytes);
    ladder.rungs.push_back({.result = i,
                            .file_bytes = bytes,
                            .cache_bytes = cache_bytes[i],
                            .fits = fits(bytes, cache_bytes[i], by.memory),
                            .lost = results[i].measurement.lost > 0,
                            .limit = side_of_limit(results[i].measurement, by)});
  }
  std::ranges::stable_sort(ladder.rungs, {}, &report::Rung::file_bytes);
  const auto picked = std::ranges::find_if(ladder.rungs, [](const report::Rung& rung) {
    return rung.limit == Side::below && rung.fits.value_or(true);
  });
  if (picked != ladder.rungs.end())
    ladder.picked = static_cast<std::size_t>(picked - ladder.rungs.begin());
  return ladder;
}

}  // namespace qualm::commands
