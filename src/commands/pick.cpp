#include "commands/pick.h"

#include <fmt/format.h>

#include <utility>

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

}  // namespace

job::Condition default_limit() {
  constexpr double kEndOfSmall = diagnose::kGradesFrom[2];
  return {fmt::format("kld_mean<{}", kEndOfSmall), MetricId::kld_mean, false, kEndOfSmall};
}

diagnose::Ladder ladder_of(const std::vector<report::MeasureResult>& results, const PickBy& by) {
  diagnose::Ladder ladder{.limit = by.limit.text, .memory = by.memory};
  for (const report::MeasureResult& result : results) {
    const report::ModelCard& candidate = result.candidate;
    diagnose::Rung rung = diagnose::rung_of(candidate.path, result.measurement);
    rung.file_bytes = static_cast<std::int64_t>(candidate.file_bytes);
    rung.cache_bytes = result.cache_bytes;
    rung.limit = side_of_limit(result.measurement, by);
    ladder.rungs.push_back(std::move(rung));
  }
  return in_order(std::move(ladder));
}

}  // namespace qualm::commands
