#include "commands/diagnose.h"

#include <chrono>
#include <utility>
#include <vector>

#include "commands/diagnose_session.h"
#include "commands/examine.h"
#include "commands/pack.h"
#include "commands/plan.h"
#include "commands/server_session.h"
#include "commands/where_lost.h"
#include "commands/written_texts.h"
#include "diagnose/diagnose.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

using diagnose::Verdict;

int exit_code_of(Verdict verdict) {
  if (verdict == Verdict::problem) return 1;
  return verdict == Verdict::healthy ? 0 : 3;  // without an original nothing is certain
}

/// The command line without the limit of time: what was measured is kept for it.
std::string without_budget(job::Request request) {
  auto& words = request.words;
  for (auto it = words.begin(); it != words.end();) {
    const bool alone = *it == "--budget" && it + 1 != words.end();  // its time follows
    it = alone || it->starts_with("--budget=") ? words.erase(it, it + (alone ? 2 : 1)) : it + 1;
  }
  return command_line_of(request);
}

Writers writers_of(const Session& session) {
  const auto writer = [&](const experiment::Weights& weights, const auto& file) {
    return Writer{[&session, weights] { return session.runner->model(weights); }, file->identity()};
  };
  Writers writers{.candidate = writer({}, session.candidate), .baseline = {}};
  if (session.baseline_model)
    writers.baseline = writer(experiment::baseline_weights(), session.baseline);
  return writers;
}

report::DiagnoseReport report_of(Session& session, diagnose::Diagnosis diagnosis) {
  report::DiagnoseReport report;
  const diagnose::Facts& facts = session.facts;
  report.diagnosis = std::move(diagnosis);
  report.tool.libllama = session.engine->version();
  report.model = card(*facts.given.candidate);
  if (facts.given.baseline) report.baseline = card(*facts.given.baseline);
  if (session.baseline && facts.served_alone())
    report.baseline = card(session.baseline->checkpoint());
  if (session.served) report.server = server_card(*session.served);
  if (session.pack) report.reference = reference_card(*session.pack, session.request.reference);
  report.settings = session.settings;
  report.memory = session.memory;
  report.accept = session.request.accept;
  report.command_line = command_line_of(session.request);
  report.left_out = facts.left_out;
  if (!report.left_out.empty()) report.again = without_budget(session.request);
  if (!session.runner) return report;
  report.stopped_early = facts.stopped_early();
  report.text = session.pack ? label_of(*session.pack) : text_label(session.request);
  report.protocol = evaluate::to_string(session.request.protocol);
  const auto selection = facts.selected();
  report.windows = {selection ? selection->count() : 0,
                    session.texts.front().text->windows().count()};
  report.scored_every = session.texts.front().text->windows().stride;
  report.original_ppl.absent = "the original was not run";
  if (const auto as_run = facts.measured(facts.reference(), facts.as_run())) {
    report.as_run = (*as_run)->metrics;
    report.truth_over_estimate = (*as_run)->truth_over_estimate;
    if (const auto& error = (*as_run)->kept_error)
      report.reference_error = {"candidate", *error};
    else if (session.pack)
      report.reference_error = error_of(*session.pack);
    if (facts.paired()) report.original_ppl = (*as_run)->metrics[evaluate::MetricId::ppl_baseline];
  }
  if (auto floor = facts.noise_floor()) report.noise_floor = *std::move(floor);
  report.spent.passes = session.runner->passes();
  report.spent.variants = session.runner->variants_made();
  return report;
}

}  // namespace

Result<job::Outcome> diagnose(const job::Request& request, const experiment::Stores& stores,
                              Progress& progress, const Afterwards& then) {
  const auto start = std::chrono::steady_clock::now();
  Session session{.request = request, .stores = stores, .progress = progress};
  QUALM_CHECK(check_goes_with_pack(request));
  QUALM_TRY(session.settings, settings_of(request));
  QUALM_TRY(session.symptoms, symptoms_of(request));
  if (!request.accept.empty()) {
    QUALM_TRY(const job::Condition line, job::parse_limit("--accept", request.accept));
    session.accept = {line.metric, line.threshold};
  }
  QUALM_CHECK(named_texts(request));  // also where nothing will be read of them
  progress.begin({1, diagnose::kStages + 1, -1});
  QUALM_CHECK(prepare(session));
  if (request.plan_only) {
    QUALM_TRY(const auto planned, plan(session));
    return job::Outcome{report::to_json(planned), 0};
  }
  const Budget budget{start, request.budget};
  UntilBudget in_time(progress, budget);
  const Writers writers = writers_of(session);
  session.candidate_model.reset();
  session.baseline_model.reset();
  const WritingSettings writing{request,       session.symptoms, session.settings,
                                stores.scores, in_time,          *session.engine};
  std::vector<probe::WrittenText> texts;
  const auto write = [&](const diagnose::Facts& facts) -> Result<std::vector<probe::Symptom>> {
    QUALM_TRY(auto written, write_texts(writing, writers, facts));
    texts = std::move(written.texts);
    return std::move(written.symptoms);
  };
  QUALM_TRY(auto diagnosis, examine(session.facts, session.runner.get(), write, progress, budget));
  auto report = report_of(session, std::move(diagnosis));
  report.texts = std::move(texts);
  QUALM_TRY(report.where, where_lost(session));
  if (session.runner) report.spent.passes = session.runner->passes();
  report.spent.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (then) QUALM_CHECK(then({session.facts, session.runner.get(), report}));
  return job::Outcome{report::to_json(report), exit_code_of(report.diagnosis.conclusion.verdict)};
}

}  // namespace qualm::commands
