// `qualm measure`: candidates against one baseline, on one text.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "app/session.h"
#include "app/use_case.h"
#include "app/variant_lab.h"
#include "diagnose/metadata_difference.h"
#include "engine/llama_engine.h"
#include "evaluate/summary.h"
#include "report/document.h"

namespace qualm::app {
namespace {

constexpr std::int32_t kGridWindows = 16;
constexpr std::array<std::string_view, 4> kGridTypes{"f16", "q8_0", "q5_1", "q4_0"};

struct Run {
  const Request& request;
  engine::Settings settings;
  std::vector<Condition> conditions;
  std::unique_ptr<engine::Engine> engine = engine::make_llama_engine();
  std::unique_ptr<assemble::Quantizer> quantizer = engine::make_llama_quantizer();
  std::shared_ptr<PatientFile> baseline;
  std::vector<std::shared_ptr<PatientFile>> candidates;
  std::unique_ptr<Workbench> bench;
  std::shared_ptr<engine::Model> baseline_model;
  std::vector<std::shared_ptr<engine::Model>> candidate_models;
  Progress& progress;
};

Result<void> open_files(Run& run) {
  QUALM_TRY(run.baseline, open_patient(run.request.baseline, run.progress));
  for (const std::string& path : run.request.models) {
    QUALM_TRY(auto candidate, open_patient(path, run.progress));
    const std::string mismatch =
        diagnose::vocabulary_mismatch(candidate->checkpoint(), run.baseline->checkpoint());
    if (!mismatch.empty())
      return fail({Kind::input, "MEASURE-001", path, "vocabulary", "the baseline's vocabulary",
                   mismatch,
                   "Their logits cannot be compared: give the model this one was made from."});
    run.candidates.push_back(std::move(candidate));
  }
  return {};
}

Result<void> load_models(Run& run, evaluate::WindowStore& store) {
  QUALM_TRY(const auto file, run.baseline->runnable(run.progress));
  QUALM_TRY(run.baseline_model, run.engine->load(file, run.request.gpu_layers));
  QUALM_TRY(run.bench,
            prepare_bench(run.request, *run.baseline_model, *run.engine, store, run.progress));
  run.candidate_models.resize(run.candidates.size());
  return {};
}

Subject baseline_subject(Run& run) {
  // The baseline always runs with an F16 cache: the user's cache is part of what is measured.
  Subject subject{run.baseline->path(), run.baseline->identity(), nullptr, run.settings};
  subject.settings.type_k = "f16";
  subject.settings.type_v = "f16";
  subject.load = [model = run.baseline_model]() -> Result<std::shared_ptr<engine::Model>> {
    return model;
  };
  return subject;
}

Subject candidate_subject(Run& run, std::size_t index) {
  Subject subject{run.candidates[index]->path(), run.candidates[index]->identity(), nullptr,
                  run.settings};
  subject.load = [&run, index]() -> Result<std::shared_ptr<engine::Model>> {
    auto& model = run.candidate_models[index];
    if (!model) {
      QUALM_TRY(const auto file, run.candidates[index]->runnable(run.progress));
      QUALM_TRY(model, run.engine->load(file, run.request.gpu_layers));
    }
    if (model->vocab_size() != run.baseline_model->vocab_size())
      return fail({Kind::input, "MEASURE-001", run.candidates[index]->path(), "vocabulary",
                   fmt::format("the baseline's {} tokens", run.baseline_model->vocab_size()),
                   fmt::format("{}", model->vocab_size()),
                   "Their logits cannot be compared: give the model this one was made from."});
    return model;
  };
  return subject;
}

/// Which question lets a run stop before the end of the text: that of the only --fail-if it can
/// answer, else whether perplexity changed by more than 1 %.
evaluate::StopRule stop_rule(const Run& run) {
  using Quantity = evaluate::StopRule::Quantity;
  if (run.request.full || run.request.protocol == evaluate::Protocol::llama_cpp) return {};
  if (run.conditions.empty()) return {Quantity::ppl_change, 0.01, 0};
  if (run.conditions.size() > 1) return {};
  const Condition& only = run.conditions.front();
  if (only.metric == "ppl_change") return {Quantity::ppl_change, only.threshold, 0};
  if (only.metric == "kld_mean") return {Quantity::kld_mean, only.threshold, 0};
  return {};
}

report::Gate::Outcome decide(const Condition& condition, const evaluate::Measurement& measurement) {
  using enum report::Gate::Outcome;
  const auto it = measurement.metrics.find(condition.metric);
  if (it == measurement.metrics.end() || !it->second.estimate) return cannot_tell;
  const auto& e = *it->second.estimate;
  if (condition.greater ? e.low > condition.threshold : e.high < condition.threshold) return holds;
  if (condition.greater ? e.high <= condition.threshold : e.low >= condition.threshold)
    return does_not_hold;
  return cannot_tell;
}

Result<std::vector<report::KvCell>> kv_grid(Run& run, std::size_t index,
                                            const numeric::Metric& resolution) {
  VariantLab lab({*run.engine, *run.quantizer, *run.bench, run.candidates[index], run.baseline,
                  run.settings, run.request.gpu_layers, run.progress});
  const diagnose::Variant reference;
  std::vector<diagnose::Variant> variants;
  for (const auto k : kGridTypes)
    for (const auto v : kGridTypes)
      if (k != "f16" || v != "f16") variants.push_back({{}, std::string(k), std::string(v)});
  const std::int32_t windows =
      run.request.full ? lab.windows_total() : std::min(kGridWindows, lab.windows_total());
  QUALM_TRY(auto measured, lab.measure(reference, variants, {0, windows}, {}));
  std::vector<report::KvCell> cells;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    report::KvCell cell{
        variants[i].type_k,  variants[i].type_v,
        measured[i].metrics, lab.cache_bytes(variants[i].type_k, variants[i].type_v),
        std::nullopt,        measured[i].by_position};
    const double floor = resolution.estimate ? resolution.estimate->high : 0.0;
    for (const evaluate::Bucket& bucket : cell.by_position)
      if (!cell.departs_at && bucket.kld_mean.estimate && bucket.kld_mean.estimate->low > floor)
        cell.departs_at = static_cast<std::int64_t>(bucket.low);
    cells.push_back(std::move(cell));
  }
  return cells;
}

int exit_code_of(const report::MeasureReport& report) {
  using enum report::Gate::Outcome;
  const auto any = [&](auto outcome) {
    return std::ranges::any_of(report.gates,
                               [&](const report::Gate& gate) { return gate.outcome == outcome; });
  };
  if (any(holds)) return 1;
  // Too few windows, or no position with finite logits: that is no pass.
  const bool unmeasured =
      std::ranges::any_of(report.results, [](const report::MeasureResult& result) {
        return !evaluate::kld_mean(result.measurement).estimate;
      });
  return unmeasured || any(cannot_tell) ? 3 : 0;
}

}  // namespace

Result<Outcome> measure(const Request& request, evaluate::WindowStore& store, Progress& progress) {
  QUALM_TRY(const auto settings, settings_of(request));
  Run run{.request = request,
          .settings = settings,
          .conditions = {},
          .baseline = {},
          .candidates = {},
          .bench = {},
          .baseline_model = {},
          .candidate_models = {},
          .progress = progress};
  for (const std::string& text : request.fail_if) {
    QUALM_TRY(auto condition, parse_condition(text));
    run.conditions.push_back(std::move(condition));
  }
  QUALM_CHECK(open_files(run));
  QUALM_CHECK(load_models(run, store));

  const Subject reference = baseline_subject(run);
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < run.candidates.size(); ++i)
    subjects.push_back(candidate_subject(run, i));
  subjects.push_back(resolution_of(reference));
  QUALM_TRY(auto measured,
            run.bench->measure(reference, subjects, 0, run.bench->text().count(), stop_rule(run)));
  const bool cancelled = measured.front().cancelled;
  const numeric::Metric resolution = evaluate::kld_mean(measured.back());
  measured.pop_back();

  report::MeasureReport report;
  report.tool.libllama = run.engine->version();
  report.baseline = card(run.baseline->checkpoint());
  for (std::size_t i = 0; i < measured.size(); ++i) {
    for (const Condition& condition : run.conditions)
      report.gates.push_back(
          {condition.text, run.candidates[i]->path(), decide(condition, measured[i])});
    report::MeasureResult result;
    result.candidate = card(run.candidates[i]->checkpoint());
    result.text = request.text.empty() ? "bundled: frankenstein.txt" : request.text;
    result.protocol = evaluate::to_string(request.protocol);
    result.settings = run.settings;
    result.measurement = std::move(measured[i]);
    result.resolution_kld = resolution;
    if (request.kv_grid && !cancelled) {
      QUALM_TRY(result.kv, kv_grid(run, i, resolution));
    }
    report.results.push_back(std::move(result));
  }
  const int code = cancelled ? exit_code(Kind::cancelled) : exit_code_of(report);
  return Outcome{report::to_json(report), code};
}

}  // namespace qualm::app
