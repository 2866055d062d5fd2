// `qualm measure`: candidates against one baseline, on one text.
#include <fmt/format.h>

#include <algorithm>

#include "commands/answers.h"
#include "commands/commands.h"
#include "commands/measure_caches.h"
#include "commands/pack.h"
#include "commands/placement.h"
#include "commands/server_session.h"
#include "commands/session.h"
#include "commands/token_view.h"
#include "diagnose/key_effects.h"
#include "diagnose/loss.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/thresholds.h"
#include "engine/llama_engine.h"
#include "evaluate/summary.h"
#include "experiment/cache_size.h"
#include "experiment/positions_file.h"
#include "experiment/runner.h"
#include "model/cache.h"
#include "probe/split.h"
#include "probe/symptom.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

using evaluate::MetricId;

struct Run {
  job::Request request;
  Progress& progress;
  engine::Settings settings{};
  Asked asked{};
  std::unique_ptr<engine::Engine> engine = engine::make_llama_engine();
  std::unique_ptr<assemble::Quantizer> quantizer = engine::make_llama_quantizer();
  std::shared_ptr<experiment::OpenedModel> baseline{};  ///< null where there is a pack
  std::optional<experiment::ReferencePack> pack{};
  /// A server is the first candidate; the second is then the file that it runs, if it is known.
  std::unique_ptr<remote::ServedModel> served{};
  std::vector<std::shared_ptr<experiment::OpenedModel>> candidates{};
  std::unique_ptr<experiment::MeasuredText> text{};
  std::shared_ptr<engine::Model> baseline_model{};
  std::vector<std::shared_ptr<engine::Model>> candidate_models{};

  [[nodiscard]] bool is_served(std::size_t index) const noexcept { return served && index == 0; }
};

/// A server comes alone: what it is compared with is the file that it runs.
Result<void> check_one_server(const job::Request& request) {
  const auto server = std::ranges::find_if(request.models, remote::is_server_word);
  if (server == request.models.end() || request.models.size() == 1) return {};
  return fail({Kind::input, "REMOTE-021", printable(*server), "MODEL", "a server alone",
               fmt::format("{} models", request.models.size()),
               "Measure it by itself; --server-file measures its file beside it."});
}

/// Where the model is the address of a server.
Result<void> open_candidate_server(Run& run) {
  const std::string address = run.request.models.front();
  if (!remote::is_server_word(address)) return {};
  QUALM_TRY(auto named, name_server(run.request, run.progress));
  run.served = std::move(named.model);
  run.candidates.push_back(named.told ? named.told : told_by(*run.served));
  if (named.told) run.request.models.clear();
  return {};
}

/// Of a candidate and the original: the same vocabulary, but for padding. A pack's is compared by
/// its texts.
Result<void> match_vocabularies(Run& run, experiment::OpenedModel& candidate) {
  const auto left_out = run.pack ? leave_out_padding(candidate, run.pack->vocab_size)
                                 : leave_out_padding(candidate, *run.baseline);
  if (!left_out.empty()) run.progress.note(fmt::format("{}: {}", candidate.path(), left_out));
  if (run.pack) return {};
  const std::string mismatch =
      diagnose::vocabulary_mismatch(candidate.checkpoint(), run.baseline->checkpoint());
  if (mismatch.empty()) return {};
  return fail({Kind::input, "MEASURE-001", candidate.path(), "vocabulary",
               "the baseline's vocabulary", mismatch,
               "Their logits cannot be compared: give the model this one was made from."});
}

Result<void> open_files(Run& run) {
  if (run.request.reference.empty()) {
    QUALM_TRY(run.baseline, open_model(run.request.baseline, run.progress));
  } else {
    QUALM_TRY(run.pack, open_pack(run.request.reference));
    run.settings.ctx_size = run.pack->texts.front().windows.ctx_size;
  }
  QUALM_CHECK(open_candidate_server(run));
  for (const std::string& path : run.request.models) {
    QUALM_TRY(auto candidate, open_model(path, run.progress));
    const auto unfit =
        model::unfit_caches(candidate->checkpoint(), run.settings.type_k, run.settings.type_v);
    if (!unfit.empty())
      return fail({Kind::input, "REQUEST-007", path, "cache type",
                   "a cache that this model can have", model::in_words(unfit.front()),
                   "Leave the option away, or take f16."});
    QUALM_CHECK(match_vocabularies(run, *candidate));
    run.candidates.push_back(std::move(candidate));
  }
  return {};
}

Result<void> place(Run& run) {
  std::vector<const experiment::OpenedModel*> models{run.baseline.get()};
  for (const auto& candidate : run.candidates) models.push_back(candidate.get());
  return place_models(*run.engine, run.settings, models, run.progress);
}

Result<std::shared_ptr<engine::Model>> load(Run& run, experiment::OpenedModel& model) {
  QUALM_TRY(const auto file, model.runnable(run.progress));
  return run.engine->load(file, run.settings);
}

experiment::ModelRun original_run(const Run& run) {
  // The baseline always runs with an F16 cache: the user's cache is part of what is measured.
  experiment::ModelRun one{.name = run.pack ? run.request.reference : run.baseline->path(),
                           .identity = run.pack ? identity_of(*run.pack) : run.baseline->identity(),
                           .settings = run.settings};
  one.settings.type_k = "f16";
  one.settings.type_v = "f16";
  one.load = [model = run.baseline_model]() -> Result<std::shared_ptr<engine::Model>> {
    if (!model) return fail(experiment::original_needed("a window that the pack lacks"));
    return model;
  };
  return one;
}

/// The pack's first text, split by each candidate as the pack has it.
Result<void> read_pack(Run& run, const experiment::Stores& stores) {
  for (std::size_t i = 0; i < run.candidates.size(); ++i) {
    if (run.is_served(i)) {
      run.candidate_models[i] =
          served_tokenizer(*run.served, &run.pack->texts.front().windows, nullptr);
    } else {
      QUALM_TRY(run.candidate_models[i], load(run, *run.candidates[i]));
    }
    job::Request asked = run.request;
    asked.models = {run.candidates[i]->path()};
    asked.settings.ctx_size = run.settings.ctx_size;
    const TextReader reader{asked, *run.candidate_models[i], *run.engine, stores, run.progress};
    QUALM_TRY(auto texts, texts_of_pack(*run.pack, reader));
    run.text = std::move(texts.front().text);
  }
  run.text->know(original_run(run), run.pack->texts.front().kept);
  return {};
}

Result<void> load_models(Run& run, const experiment::Stores& stores) {
  run.candidate_models.resize(run.candidates.size());
  if (run.pack) return read_pack(run, stores);
  QUALM_TRY(run.baseline_model, load(run, *run.baseline));
  // A server is scored against what is kept of the original.
  const experiment::Stores used = run.served ? stores : experiment::Stores{stores.scores};
  const TextReader reader{run.request, *run.baseline_model, *run.engine, used, run.progress};
  QUALM_TRY(run.text, reader.read(run.request.text));
  return {};
}

experiment::ModelRun candidate_run(Run& run, std::size_t index) {
  if (run.is_served(index))
    return {.name = run.candidates[index]->path(), .identity = "", .asked = run.served.get()};
  experiment::ModelRun one{run.candidates[index]->path(), run.candidates[index]->identity(),
                           nullptr, run.settings};
  one.load = [&run, index]() -> Result<std::shared_ptr<engine::Model>> {
    auto& model = run.candidate_models[index];
    if (!model) {
      QUALM_TRY(model, load(run, *run.candidates[index]));
    }
    if (!run.pack && model->vocab_size() != run.baseline_model->vocab_size())
      return fail({Kind::input, "MEASURE-001", run.candidates[index]->path(), "vocabulary",
                   fmt::format("the baseline's {} tokens", run.baseline_model->vocab_size()),
                   fmt::format("{}", model->vocab_size()),
                   "Their logits cannot be compared: give the model this one was made from."});
    return model;
  };
  return one;
}

/// Which question lets a run stop before the end of the text: that of the only --fail-if it can
/// answer, or of the choice among candidates, else whether perplexity rose by more than 1 %.
evaluate::StopRule stop_rule(const Run& run) {
  using Quantity = evaluate::StopRule::Quantity;
  if (run.request.full || !run.request.windows.is_all() ||
      run.request.protocol == evaluate::Protocol::llama_cpp)
    return {};
  std::vector<job::Condition> asked = run.asked.conditions;
  if (const auto limit = limit_of_choice(run.asked)) asked.push_back(*limit);
  if (asked.empty()) return {Quantity::ppl_change, diagnose::kPplLine, 0};
  if (asked.size() > 1) return {};
  const job::Condition& only = asked.front();
  evaluate::StopRule rule{Quantity::never, only.threshold, 0, confidence_of(run.asked)};
  if (only.metric == MetricId::ppl_change) rule.quantity = Quantity::ppl_change;
  if (only.metric == MetricId::kld_mean) rule.quantity = Quantity::kld_mean;
  return rule;
}

struct Measured {
  std::vector<evaluate::Measurement> candidates;
  numeric::Metric noise_floor;  ///< of the original
};

/// The noise floor is measured beside the candidates, where it is not known: that costs no pass of
/// the original.
Result<Measured> measure_all(Run& run) {
  const experiment::ModelRun reference = original_run(run);
  const std::int32_t count = run.text->windows().count();
  const std::optional<numeric::Metric> known =
      run.pack ? run.pack->noise_floor : run.text->known_noise_floor(reference);
  Measured all;
  if (run.served) {
    experiment::ModelRun asked = candidate_run(run, 0);
    if (!run.request.full && run.request.windows.is_all()) asked.at_most = diagnose::kForServer;
    QUALM_TRY(all.candidates, run.text->measure(reference, std::span(&asked, 1), 0, count, {}));
  }
  std::vector<experiment::ModelRun> runs;
  for (std::size_t i = all.candidates.size(); i < run.candidates.size(); ++i)
    runs.push_back(candidate_run(run, i));
  if (!known) runs.push_back(experiment::noise_floor_run(reference));
  std::vector<evaluate::Measurement> others;
  if (!runs.empty()) {
    QUALM_TRY(others, run.text->measure(reference, runs, 0, count, stop_rule(run)));
  }
  if (known) {
    all.noise_floor = *known;
  } else {
    all.noise_floor = evaluate::floor_of(others.back());
    run.text->remember_noise_floor(reference, all.noise_floor);
    others.pop_back();
  }
  std::ranges::move(others, std::back_inserter(all.candidates));
  return all;
}

/// Both read the text with the original's tokens: where the candidate would split it otherwise, the
/// figures do not show what that costs.
Result<std::vector<std::string>> tokenizer_notes(Run& run, std::size_t index) {
  if (run.pack || run.is_served(index)) return std::vector<std::string>{};
  auto found = diagnose::tokenizer_differences(run.candidates[index]->checkpoint(),
                                               run.baseline->checkpoint());
  if (found.empty()) return std::vector<std::string>{};
  QUALM_TRY(const auto model, candidate_run(run, index).load());
  const auto split = probe::compare_splits(*model, *run.baseline_model, probe::split_text());
  const bool alike = split && split->equal;
  const bool same_start = model->window_start() == run.baseline_model->window_start();
  std::erase_if(found, [&](const diagnose::Difference& one) {
    return (alike && diagnose::only_splits(one.key)) ||
           (same_start && diagnose::starts_texts(one.key));
  });
  std::vector<std::string> notes;
  for (const diagnose::Difference& one : found)
    notes.push_back(fmt::format(
        "{}: {}. The text was read with the original's tokens: the figures do not show what this "
        "costs.",
        one.key, one.says));
  return notes;
}

std::string text_name(const Run& run) {
  return run.pack ? label_of(*run.pack) : text_label(run.request);
}

/// Text and models by their content, so that `qualm merge` knows what belongs together.
report::Hashes hashes_of(const Run& run, std::size_t index) {
  return {run.candidates[index]->identity(), original_run(run).identity, run.text->identity()};
}

/// Of several candidates each shows its part of the windows.
std::size_t windows_of_each(const Run& run) {
  const auto shown = static_cast<std::size_t>(run.request.shown_windows);
  return std::max<std::size_t>(1, shown / run.candidates.size());
}

Result<std::optional<report::TokenView>> tokens_of(Run& run, std::size_t index,
                                                   const evaluate::Measurement& measurement,
                                                   const evaluate::NoiseFloor& noise_floor) {
  if (run.request.shown_windows == 0 || measurement.cancelled || run.is_served(index))
    return std::nullopt;
  QUALM_TRY(const auto model, candidate_run(run, index).load());
  return token_view({.text = *run.text,
                     .reference = original_run(run),
                     .candidate = candidate_run(run, index),
                     .measured = measurement,
                     .tokenizer = *model,
                     .name = text_name(run),
                     .compared_with = probe::kOriginal,
                     .floor = noise_floor.upper(),
                     .windows = windows_of_each(run)});
}

/// Of a server and the file that it runs, on the windows that both have read.
void add_server_share(report::MeasureReport& report) {
  report::MeasureResult& server = report.results.front();
  server.server_share = evaluate::kld_difference(
      server.measurement, 1.0,
      evaluate::at_positions_of(report.results[1].measurement, server.measurement),
      numeric::kConfidence);
}

/// Nothing depends on the candidate's noise floor.
bool far_above_noise(const evaluate::Measurement& measurement) {
  return diagnose::side_of(measurement, MetricId::kld_mean, diagnose::kRuntimeMatters) ==
         diagnose::Side::above;
}

/// Adds what was measured of one candidate.
Result<void> add_result(Run& run, std::size_t index, evaluate::Measurement measurement,
                        evaluate::NoiseFloor noise_floor, report::MeasureReport& report) {
  if (run.pack) leave_out_single_positions(measurement.metrics);
  if (measurement.cancelled) {
    noise_floor.candidate.absent = "stopped by the user";
  } else if (run.is_served(index)) {
    noise_floor = {};
    noise_floor.original.absent = noise_floor.candidate.absent = "the candidate runs in a server";
  } else if (far_above_noise(measurement) && !run.request.kv_grid) {
    noise_floor.candidate.absent = evaluate::kLossFarLarger;
  } else {
    noise_floor.candidate = run.text->noise_floor(candidate_run(run, index));
  }
  QUALM_TRY(auto tokens, tokens_of(run, index, measurement, noise_floor));
  report::MeasureResult result{
      .candidate = card(run.candidates[index]->checkpoint()),
      .text = text_name(run),
      .protocol = std::string(evaluate::to_string(run.request.protocol)),
      .settings = run.settings,
      .measurement = std::move(measurement),
      .noise_floor = noise_floor,
      .tokens = std::move(tokens),
      .hashes = hashes_of(run, index),
      .cache_bytes = experiment::bytes_of_cache(run.candidates[index]->checkpoint(), run.settings)};
  if (!result.measurement.cancelled) {
    QUALM_TRY(result.file_notes, tokenizer_notes(run, index));
  }
  if (run.is_served(index)) result.server = server_card(*run.served);
  if (run.request.kv_grid && !result.measurement.cancelled && !run.is_served(index)) {
    QUALM_TRY(result.kv, measure_caches({*run.engine, *run.quantizer, run.progress,
                                         run.candidates[index], run.baseline, run.settings,
                                         *run.text, noise_floor, run.request.full}));
    if (run.pack)
      for (report::KvCell& cell : result.kv) leave_out_single_positions(cell.metrics);
  }
  report.results.push_back(std::move(result));
  if (run.served && index == 1) add_server_share(report);
  add_gates(run.asked, report);
  return {};
}

/// The scores of every position, for --positions.
std::vector<experiment::Positions> positions_of(const report::MeasureReport& report) {
  std::vector<experiment::Positions> positions;
  for (const report::MeasureResult& one : report.results)
    positions.push_back(
        {one.hashes.candidate, one.hashes.original, one.hashes.text, one.measurement.windows});
  return positions;
}

}  // namespace

Result<job::Outcome> measure(const job::Request& request, const experiment::Stores& stores,
                             Progress& progress) {
  QUALM_CHECK(check_one_server(request));
  Run run{.request = request, .progress = progress};
  QUALM_CHECK(check_goes_with_pack(request));
  QUALM_TRY(run.settings, settings_of(request));
  QUALM_TRY(run.asked, asked_of(request, request.models.size()));
  if (!request.positions.empty()) QUALM_CHECK(check_writable(request.positions));
  QUALM_CHECK(open_files(run));
  run.asked.candidates = run.candidates.size();
  QUALM_CHECK(place(run));
  QUALM_CHECK(load_models(run, stores));
  QUALM_CHECK(run.text->keep_range(request.windows));
  QUALM_TRY(auto measured, measure_all(run));
  evaluate::NoiseFloor noise_floor;
  noise_floor.original = measured.noise_floor;
  report::MeasureReport report;
  report.tool.libllama = run.engine->version();
  report.command_line = command_line_of(request);
  report.baseline = run.pack ? original_card(*run.pack) : card(run.baseline->checkpoint());
  if (run.pack) report.reference = reference_card(*run.pack, request.reference);
  auto& candidates = measured.candidates;
  const bool cancelled = candidates.front().cancelled;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    QUALM_CHECK(add_result(run, i, std::move(candidates[i]), noise_floor, report));
  if (!cancelled && !run.served) report.ladder = ladder(run.asked, report);
  if (!request.positions.empty())
    QUALM_CHECK(experiment::write_positions(positions_of(report), request.positions));
  const int code = cancelled ? exit_code(Kind::cancelled) : exit_code_of(report);
  return job::Outcome{report::to_json(report), code};
}

}  // namespace qualm::commands
