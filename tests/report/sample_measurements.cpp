// What `qualm measure` reports, measured on models whose logits are made up.
#include <array>
#include <cmath>
#include <memory>

#include "commands/pick.h"
#include "experiment/measured_text.h"
#include "report/sample_reports.h"
#include "support/fake_engine.h"

namespace qualm::report::testing {
namespace {

using evaluate::MetricId;
using experiment::MeasuredText;
using experiment::ModelRun;

/// A model whose logits depend on how it is run as well, as those of libllama do.
class SampleModel final : public test::FakeModel {
 public:
  explicit SampleModel(test::FakeBehaviour how) : FakeModel(how), how_(how) {}
  Result<std::unique_ptr<engine::LogitSource>> open(const engine::Settings& settings) override {
    test::FakeBehaviour how = how_;
    if (settings.flash_attn == "off") how.noise += 0.002;
    if (settings.type_k == "q4_0") how.noise += 0.08;
    if (settings.type_v == "q4_0") how.noise += 0.03;
    return FakeModel(how).open(settings);
  }

 private:
  test::FakeBehaviour how_;
};

ModelRun run_of(const ModelCard& card, test::FakeBehaviour how) {
  return {.name = card.path,
          .identity = card.path,
          .load = [how]() -> Result<std::shared_ptr<engine::Model>> {
            return std::make_shared<SampleModel>(how);
          },
          .settings = sample_settings()};
}

ModelRun baseline_run() { return run_of(tiny_f16(), {}); }
ModelRun q2_run() { return run_of(tiny_q2(), {.noise = 0.6, .nan_position = 20}); }
ModelRun q8_run() { return run_of(tiny_q8(), {.noise = 0.01, .noise_seed = 2}); }

/// Stops a run after so many windows, as Ctrl-C does.
class Interrupted final : public Progress {
 public:
  explicit Interrupted(std::int64_t after) : after_(after) {}
  void update(std::string_view, std::int64_t done, std::int64_t) override { done_ = done; }
  bool cancelled() const override { return done_ >= after_; }

 private:
  std::int64_t after_;
  std::int64_t done_ = 0;
};

/// A text of 12 windows, or of the first `most` of them.
MeasuredText text_of(Progress& progress, std::int64_t most = -1) {
  static evaluate::WindowStore keeps_nothing;
  std::string text;
  for (int line = 0; line < 10; ++line)
    text += "Line " + std::to_string(line * line) + " of a text that nobody wrote. ";
  auto tokens = test::FakeModel({}).tokenize(text, engine::SpecialTokens::parsed);
  auto windows = evaluate::cut(*std::move(tokens),
                               {.ctx_size = sample_settings().ctx_size, .start = 1, .limit = most});
  return {*std::move(windows), sample_tool().libllama, {keeps_nothing}, progress};
}

MeasureResult result_of(const ModelCard& card, evaluate::Measurement measurement,
                        const evaluate::NoiseFloor& noise_floor) {
  return {.candidate = card,
          .text = "corpora/prose.txt",
          .protocol = std::string(evaluate::to_string(evaluate::Protocol::standard)),
          .settings = sample_settings(),
          .measurement = std::move(measurement),
          .noise_floor = noise_floor,
          .kv = {},
          .hashes = {"c0ffee" + card.path, "0123456789abcdef", "fedcba9876543210/4-31"},
          .cache_bytes = 9'437'184};
}

std::vector<KvCell> kv_grid(const ModelRun& weights, MeasuredText& text) {
  constexpr std::array kTypes{std::pair{"f16", "q4_0"}, std::pair{"q4_0", "f16"},
                              std::pair{"q4_0", "q4_0"}};
  std::vector<ModelRun> runs(kTypes.size(), weights);
  for (std::size_t i = 0; i < runs.size(); ++i)
    std::tie(runs[i].settings.type_k, runs[i].settings.type_v) = kTypes[i];
  auto measured = text.measure(weights, runs, 0, text.windows().count(), {});
  std::vector<KvCell> cells;
  for (std::size_t i = 0; i < runs.size(); ++i)
    cells.push_back({kTypes[i].first, kTypes[i].second, (*measured)[i].metrics, (*measured)[i].lost,
                     i < 2 ? 1'007'616 : 442'368, (*measured)[i].by_position.front().low,
                     (*measured)[i].by_position});
  return cells;
}

Gate gate_of(const MeasureResult& result) {
  const auto& kld = result.measurement.metrics[MetricId::kld_mean].estimate;
  using enum Gate::Outcome;
  const auto outcome = result.measurement.lost > 0 ? lost
                       : kld->low > 0.001          ? holds
                                                   : does_not_hold;
  return {"kld_mean>0.001", result.candidate.path, outcome};
}

}  // namespace

MeasureReport measure_sample() {
  return once([] {
    Progress progress;
    MeasuredText text = text_of(progress);
    const ModelRun reference = baseline_run();
    const std::array runs{q2_run(), q8_run(), experiment::noise_floor_run(reference)};
    const evaluate::StopRule rule{evaluate::StopRule::Quantity::kld_mean, 0.001, 2};
    auto measured = *text.measure(reference, runs, 0, text.windows().count(), rule);
    const evaluate::NoiseFloor floor{.original = evaluate::floor_of(measured[2]),
                                     .candidate = text.noise_floor(q8_run())};
    MeasureReport report{.tool = sample_tool(), .baseline = tiny_f16(), .results = {}, .gates = {}};
    report.results = {result_of(tiny_q2(), std::move(measured[0]), floor),
                      result_of(tiny_q8(), std::move(measured[1]), floor)};
    for (const MeasureResult& result : report.results) report.gates.push_back(gate_of(result));
    report.ladder =
        commands::ladder_of(report.results, {.limit = commands::default_limit(),
                                             .confidence = numeric::shared_confidence(2),
                                             .memory = std::int64_t{8} << 30});
    return report;
  });
}

MeasureReport measure_cache_grid() {
  return once([] {
    Progress progress;
    MeasuredText text = text_of(progress);
    MeasureReport report = measure_sample();
    report.results.resize(1);
    report.results[0].kv = kv_grid(q2_run(), text);
    report.gates.clear();
    report.ladder.reset();
    return report;
  });
}

MeasureReport measure_without_intervals() {
  return once([] {
    Interrupted progress(1);
    MeasuredText text = text_of(progress);
    const ModelRun reference = baseline_run();
    const std::array runs{q2_run(), experiment::noise_floor_run(reference)};
    auto measured = *text.measure(reference, runs, 0, text.windows().count(), {});
    MeasureReport report{.tool = sample_tool(), .baseline = tiny_f16(), .results = {}, .gates = {}};
    report.results = {
        result_of(tiny_q2(), measured[0], {.original = evaluate::floor_of(measured[1])})};
    return report;
  });
}

}  // namespace qualm::report::testing
