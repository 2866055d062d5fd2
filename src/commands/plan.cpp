#include "commands/plan.h"

#include <variant>

#include "commands/outlook.h"
#include "diagnose/diagnose.h"

namespace qualm::commands {
namespace {

/// The first window of the first reading; the time that it takes goes to the outlook.
Result<void> read_one_window(Session& session, Outlook& outlook) {
  const auto known = diagnose::diagnose(session.facts);
  if (known || !session.runner) return {};
  const auto* const first = std::get_if<diagnose::WantedMeasurements>(&known.error().what);
  if (!first) return {};
  auto windows = first->windows;
  windows.end = windows.begin + 1;
  outlook.begin(known.error());
  QUALM_CHECK(
      session.runner->measure(first->reference, first->variants, windows, {.follower = &outlook}));
  return {};
}

}  // namespace

Result<report::PlanReport> plan(Session& session) {
  UntilBudget quietly(session.progress, {});  // the report tells the plan
  Outlook outlook(session.facts, quietly, {});
  QUALM_CHECK(read_one_window(session, outlook));
  report::PlanReport report;
  report.tool.libllama = session.engine->version();
  report.model = card(*session.facts.given.candidate);
  if (session.facts.given.baseline) report.baseline = card(*session.facts.given.baseline);
  report.memory = session.memory;
  for (const PlannedStep& step : outlook.steps()) {
    report.steps.push_back({step.number, step.title, {}});
    for (const auto& [planned, seconds] : step.readings) {
      report.steps.back().readings.push_back({planned.model, planned.windows, seconds});
      report.seconds += seconds;
    }
  }
  return report;
}

}  // namespace qualm::commands
