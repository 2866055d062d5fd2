#include "experiment/measured_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/sha256.h"
#include "evaluate/kept_check.h"
#include "evaluate/noise_floor.h"
#include "evaluate/summary.h"
#include "experiment/experiment.h"
#include "formats/json.h"

namespace qualm::experiment {
namespace {

std::string hex_of(std::string_view text) { return sha256(std::as_bytes(std::span(text))); }

/// Where one model is held at a time. A reading that stops early stops after 16 windows or more.
constexpr std::int32_t kOriginalAhead = 16;

bool is_float(const std::string& type) { return type == "f16" || type == "bf16" || type == "f32"; }

/// Part of the keys: scores against kept windows are other scores.
std::string how_kept(const Stores& stores) {
  return stores.references ? fmt::format("kept{}", evaluate::kKeptVersion) : "";
}

/// Where it runs, if on more than the CPU.
std::string place_of(const engine::Devices& devices) {
  if (devices.what.empty()) return "";
  return fmt::format("/{}/{}/{}/ts{}", devices.what, devices.split_mode, devices.main_gpu,
                     fmt::join(devices.tensor_split, ","));
}

class RunSource final : public evaluate::SourceMaker {
 public:
  explicit RunSource(const ModelRun& run) : run_(&run) {}
  Result<std::unique_ptr<engine::LogitSource>> open() override {
    QUALM_TRY(const auto model, run_->load());
    return model->open(run_->settings);
  }

 private:
  const ModelRun* run_;
};

}  // namespace

std::string run_identity(const std::string& weights, const engine::Settings& settings) {
  return fmt::format("{}/ctx{}/b{}/ub{}/lm{}/{}/{}/fa-{}/ngl{}{}{}", weights, settings.ctx_size,
                     settings.batch, settings.ubatch, settings.logits_memory, settings.type_k,
                     settings.type_v, settings.flash_attn, settings.gpu_layers,
                     settings.second_copies ? "" : "/one-copy", place_of(settings.devices));
}

ModelRun noise_floor_run(const ModelRun& reference) {
  ModelRun changed = reference;
  changed.name = "noise floor: " + reference.name + " against itself";
  changed.settings.flash_attn = reference.settings.flash_attn == "off" ? "on" : "off";
  changed.at_most = evaluate::kNoiseFloorWindows;
  changed.optional = true;
  return changed;
}

MeasuredText::MeasuredText(evaluate::TextWindows windows, std::string engine_version, Stores stores,
                           Progress& progress)
    : windows_(std::move(windows)),
      engine_version_(std::move(engine_version)),
      stores_(stores),
      progress_(progress),
      scores_(stores.scores) {
  const auto tokens = std::as_bytes(std::span(windows_.tokens));
  identity_ = fmt::format("{}/{}-{}", sha256(tokens), windows_.first, windows_.last);
  if (windows_.stride != 1) identity_ += fmt::format("/{}", windows_.stride);
}

std::string MeasuredText::key_of(const ModelRun& reference) const {
  return hex_of(fmt::format("{}|{}|{}{}", identity_,
                            run_identity(reference.identity, reference.settings), engine_version_,
                            how_kept(stores_)));
}

std::string MeasuredText::key_of(const ModelRun& reference, const ModelRun& run) const {
  return hex_of(fmt::format("{}|{}|{}|{}|{}", identity_,
                            run_identity(reference.identity, reference.settings), engine_version_,
                            run_identity(run.identity, run.settings), how_kept(stores_)));
}

std::string MeasuredText::noise_floor_key(const ModelRun& reference) const {
  return fmt::format("noise floor|{}|{}|{}", run_identity(reference.identity, reference.settings),
                     engine_version_, how_kept(stores_));
}

Result<void> MeasuredText::keep(const ModelRun& reference, std::int32_t end,
                                const TakeWindow& take) {
  RunSource source(reference);
  const auto kept = windows_of(reference);
  const auto side = evaluate::kept_original(source, *kept, windows_, reference.settings.threads);
  const auto wanted = std::span(windows_.order).first(static_cast<std::size_t>(end));
  QUALM_CHECK(side->read_ahead(side->unknown(wanted), evaluate::kRunsOriginal, progress_));
  if (progress_.cancelled())
    return fail(
        {Kind::cancelled, "APP-003", reference.name, "the original", "", "stopped on request", ""});
  passes_ += side->passes();
  for (const std::int32_t window : wanted) {
    const auto found = kept->find(window);
    if (!found)
      return fail({Kind::input, "PACK-009", reference.name, "--reference-memory",
                   "room for the original's distributions", "too little", ""});
    take(window, *found);
  }
  return {};
}

Result<evaluate::WindowTops> MeasuredText::tops(const ModelRun& run,
                                                std::span<const std::int32_t> windows) {
  RunSource source(run);
  const auto kept = windows_of(run);
  const std::string step = "reading the tokens of " + run.name;
  QUALM_TRY(auto read, evaluate::read_tops(source, {windows_, windows, step, run.settings.threads},
                                           kept.get(), progress_));
  passes_ += read.passes;
  if (progress_.cancelled())
    return fail({Kind::cancelled, "APP-003", run.name, "tokens", "", "stopped on request", ""});
  return std::move(read.tops);
}

Result<std::optional<evaluate::KeptError>> MeasuredText::thinning_error(ModelRun reference,
                                                                        const ModelRun& run,
                                                                        KeptWindows thinned) const {
  const auto end = std::min(windows_.count(), evaluate::kCheckedWindows);
  MeasuredText beside(windows_, engine_version_, {stores_.scores}, progress_);
  QUALM_TRY(const auto exact, beside.measure(reference, std::span(&run, 1), 0, end, {}));
  MeasuredText of_pack(windows_, engine_version_, stores_, progress_);
  reference.identity += "/thinned";  // other scores than those by all that was kept
  of_pack.know(reference, std::move(thinned));
  QUALM_TRY(const auto estimated, of_pack.measure(reference, std::span(&run, 1), 0, end, {}));
  if (progress_.cancelled())  // windows may be missing
    return fail({Kind::cancelled, "APP-003", run.name, "windows", "", "stopped on request", ""});
  return evaluate::kept_error(exact.front().windows, estimated.front().windows);
}

void MeasuredText::know(const ModelRun& reference, KeptWindows windows) {
  known_windows_.insert_or_assign(key_of(reference), std::move(windows));
}

void MeasuredText::know(const ModelRun& reference, const ModelRun& run,
                        std::span<const evaluate::WindowScores> scores) {
  scores_.know(key_of(reference, run), scores);
}

/// Null where the reference runs beside each run.
std::unique_ptr<evaluate::Reference> MeasuredText::windows_of(const ModelRun& reference) {
  if (!stores_.references) return nullptr;
  const std::string key = key_of(reference);
  if (const auto it = known_windows_.find(key); it != known_windows_.end())
    return std::make_unique<KnownWindows>(it->second);
  return stores_.references->of(key);
}

Result<std::vector<evaluate::Measurement>> MeasuredText::measure(const ModelRun& reference,
                                                                 std::span<const ModelRun> runs,
                                                                 std::int32_t begin,
                                                                 std::int32_t end,
                                                                 const evaluate::StopRule& rule) {
  if (runs.size() == 1 && runs.front().asked) {
    QUALM_TRY(auto asked, ask(reference, runs.front(), {begin, end}, rule));
    return std::vector{std::move(asked)};
  }
  RunSource baseline(reference);
  const auto kept = windows_of(reference);
  std::vector<RunSource> sources;
  sources.reserve(runs.size());  // candidates point into it
  std::vector<evaluate::Candidate> candidates;
  for (const ModelRun& run : runs) {
    sources.emplace_back(run);
    candidates.push_back(
        {run.name, key_of(reference, run), &sources.back(), run.at_most, run.optional});
  }
  const bool apart = kept && stores_.hold == Hold::one;
  const evaluate::Reading reading{windows_,
                                  begin,
                                  end,
                                  rule,
                                  reference.settings.threads,
                                  kept.get(),
                                  apart ? kOriginalAhead : 0};
  QUALM_TRY(auto run, evaluate::score_pairs(baseline, candidates, reading, scores_, progress_));
  passes_ += run.windows_run;
  std::vector<evaluate::Measurement> measurements;
  for (auto& pair : run.candidates) {
    evaluate::Measurement measurement;
    measurement.windows = std::move(pair.windows);
    measurement.windows_total = windows_.total();
    measurement.stopped_early = pair.stopped_early;
    measurement.stopped = pair.stopped;
    measurement.cancelled = run.cancelled;
    measurement.unavailable = std::move(pair.unavailable);
    measurement.kept_error = std::move(pair.kept_error);
    evaluate::summarize(measurement);
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

Result<evaluate::Measurement> MeasuredText::ask(const ModelRun& reference, const ModelRun& run,
                                                WindowRange windows,
                                                const evaluate::StopRule& rule) {
  RunSource original(reference);
  const auto kept = windows_of(reference);
  const evaluate::Reading reading{windows_,
                                  windows.begin,
                                  std::min(windows.end, windows.begin + run.at_most),
                                  rule,
                                  reference.settings.threads,
                                  kept.get()};
  QUALM_TRY(auto asked, evaluate::score_asked(original, *run.asked, reading, progress_));
  passes_ += asked.windows_run;
  evaluate::Measurement bounds;
  bounds.windows = std::move(asked.bounds);
  evaluate::summarize(bounds);
  evaluate::Measurement measurement;
  measurement.windows = std::move(asked.scores.windows);
  measurement.windows_total = windows_.count();
  measurement.stopped_early = asked.scores.stopped_early;
  measurement.stopped = asked.scores.stopped;
  measurement.cancelled = asked.cancelled;
  measurement.cut_off = std::move(asked.cut_off);
  measurement.kld_at_least = bounds.metrics[evaluate::MetricId::kld_mean];
  evaluate::summarize(measurement);
  return measurement;
}

std::string MeasuredText::calibration_identity() const {
  const auto tokens = last_windows(calibration_windows(windows_.count()));
  return identity_ + "/" + sha256(std::as_bytes(std::span(tokens)));
}

std::vector<engine::Token> MeasuredText::last_windows(std::int32_t count) const {
  return in_order(windows_.count() - count, windows_.count());
}

std::vector<engine::Token> MeasuredText::first_windows(std::int32_t count) const {
  return in_order(0, std::min(count, windows_.count()));
}

std::vector<engine::Token> MeasuredText::in_order(std::int32_t begin, std::int32_t end) const {
  std::vector<engine::Token> tokens;
  for (std::int32_t i = begin; i < end; ++i) {
    const auto window = windows_.window(windows_.order[static_cast<std::size_t>(i)]);
    tokens.insert(tokens.end(), window.begin(), window.end());
  }
  return tokens;
}

numeric::Metric MeasuredText::noise_floor(ModelRun reference) {
  if (!is_float(reference.settings.type_v)) {
    reference.settings.type_k = "f16";
    reference.settings.type_v = "f16";
  }
  if (auto known = known_noise_floor(reference)) return *std::move(known);
  const ModelRun changed = noise_floor_run(reference);
  const auto measured = measure(reference, std::span(&changed, 1), 0,
                                std::min(changed.at_most, windows_.count()), {});
  if (!measured) return {std::nullopt, "nat/token", measured.error().found};
  numeric::Metric floor = evaluate::floor_of(measured->front());
  remember_noise_floor(reference, floor);
  return floor;
}

std::optional<numeric::Metric> MeasuredText::known_noise_floor(const ModelRun& reference) const {
  const auto saved = scores().recall(noise_floor_key(reference));
  if (!saved) return std::nullopt;
  const auto parsed = formats::parse_json(*saved, "the cache", "noise floor");
  const auto sound = [](const nlohmann::json& one) { return one.is_number() && one >= 0; };
  if (!parsed || !parsed->is_array() || parsed->size() != 3 || !std::ranges::all_of(*parsed, sound))
    return std::nullopt;
  const auto numbers = parsed->get<std::array<double, 3>>();
  const numeric::Estimate floor{numbers[0], numbers[1], numbers[2]};
  return numeric::Metric{floor, "nat/token", ""};
}

void MeasuredText::remember_noise_floor(const ModelRun& reference, const numeric::Metric& floor) {
  if (const auto& known = floor.estimate)
    scores().remember(noise_floor_key(reference),
                      nlohmann::json::array({known->value, known->low, known->high}).dump());
}

evaluate::CrossCheck MeasuredText::cross_check(const ModelRun& run, const ModelRun& on_cpu) {
  const auto measured = measure(on_cpu, std::span(&run, 1), 0,
                                std::min(evaluate::kNoiseFloorWindows, windows_.count()), {});
  if (measured) return evaluate::cross_check_of(measured->front());
  evaluate::CrossCheck none;
  none.kld.absent = measured.error().found;
  return none;
}

}  // namespace qualm::experiment
