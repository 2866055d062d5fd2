#include "commands/answers.h"

#include <algorithm>

#include "commands/pick.h"
#include "commands/session.h"
#include "diagnose/loss.h"
#include "evaluate/summary.h"
#include "numeric/level.h"

namespace qualm::commands {
namespace {

using evaluate::MetricId;

/// Of one position a pack knows the KLD but roughly: only means over many are worth telling.
bool pack_can_tell(MetricId metric) {
  return evaluate::row_of(metric).statistic == evaluate::Statistic::mean;
}

bool of_perplexity(MetricId metric) {
  return metric == MetricId::ppl || metric == MetricId::ppl_change;
}

report::Gate::Outcome decide(const job::Condition& condition,
                             const evaluate::Measurement& measurement, double confidence) {
  using enum report::Gate::Outcome;
  if (measurement.lost > 0) return lost;
  const auto estimate = evaluate::deciding(measurement, condition.metric, confidence);
  if (!estimate) return cannot_tell;
  const bool over = estimate->low > condition.threshold;
  const bool under = estimate->high < condition.threshold;
  if (condition.greater ? over : under) return holds;
  if (of_perplexity(condition.metric) && diagnose::below_original(measurement)) return below;
  if (condition.greater ? estimate->high <= condition.threshold
                        : estimate->low >= condition.threshold)
    return does_not_hold;
  return cannot_tell;
}

}  // namespace

Result<Asked> asked_of(const job::Request& request, std::size_t candidates) {
  Asked asked{.memory = memory_of(request),
              .candidates = candidates,
              .by_pack = !request.reference.empty()};
  for (const std::string& text : request.fail_if) {
    QUALM_TRY(auto condition, job::parse_condition(text));
    asked.conditions.push_back(std::move(condition));
  }
  if (!request.pick.empty()) {
    QUALM_TRY(asked.pick, job::parse_limit("--pick", request.pick));
  }
  return asked;
}

double confidence_of(const Asked& asked) {
  return numeric::shared_confidence(std::max<std::size_t>(1, asked.conditions.size()) *
                                    asked.candidates);
}

std::optional<job::Condition> limit_of_choice(const Asked& asked) {
  if (asked.pick) return asked.pick;
  if (asked.candidates < 2 || !asked.conditions.empty()) return std::nullopt;
  return default_limit();
}

void leave_out_single_positions(evaluate::Metrics& metrics) {
  for (const evaluate::MetricRow& row : evaluate::metric_rows())
    if (!pack_can_tell(row.id))
      metrics[row.id] = {.estimate = std::nullopt,
                         .unit = std::string(row.unit),
                         .absent = "a reference pack cannot tell it"};
}

void add_gates(const Asked& asked, report::MeasureReport& report) {
  const report::MeasureResult& result = report.results.back();
  const double confidence = confidence_of(asked);
  for (const job::Condition& condition : asked.conditions) {
    const bool known = !asked.by_pack || pack_can_tell(condition.metric);
    report::Gate gate{condition.text, result.candidate.path,
                      known ? decide(condition, result.measurement, confidence)
                            : report::Gate::Outcome::cannot_tell};
    if (known && gate.outcome == report::Gate::Outcome::cannot_tell)
      gate.detectable =
          evaluate::smallest_detectable(result.measurement, condition.metric, confidence);
    report.gates.push_back(std::move(gate));
  }
}

std::optional<diagnose::Ladder> ladder(const Asked& asked, const report::MeasureReport& report) {
  const auto limit = limit_of_choice(asked);
  if (!limit) return std::nullopt;
  return ladder_of(report.results,
                   {.limit = *limit, .confidence = confidence_of(asked), .memory = asked.memory});
}

int exit_code_of(const report::MeasureReport& report) {
  using enum report::Gate::Outcome;
  const auto any = [&](auto outcome) {
    return std::ranges::any_of(report.gates,
                               [&](const report::Gate& gate) { return gate.outcome == outcome; });
  };
  const bool broken = std::ranges::any_of(
      report.results, [](const auto& result) { return result.measurement.lost > 0; });
  if (any(holds) || broken) return 1;
  // Too few windows, or no position with finite logits: that is no pass.
  const bool unmeasured =
      std::ranges::any_of(report.results, [](const report::MeasureResult& result) {
        return !result.measurement.metrics[MetricId::kld_mean].estimate;
      });
  return unmeasured || any(cannot_tell) || any(below) ? 3 : 0;
}

}  // namespace qualm::commands
