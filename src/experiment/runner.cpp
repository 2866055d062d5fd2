#include "experiment/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

#include "assemble/recipe.h"
#include "base/platform.h"
#include "evaluate/summary.h"
#include "experiment/cache_size.h"
#include "experiment/quant_types.h"
#include "experiment/store.h"
#include "formats/read.h"

namespace qualm::experiment {
namespace {

/// Half of what is free now: where one model is held, of the disk that images then lie on.
std::int64_t room_for_images(Hold hold) {
  if (hold == Hold::all) return free_memory() / 2;
  std::error_code error;
  const auto disk = std::filesystem::space(cache_folder(), error);
  return error ? 0 : static_cast<std::int64_t>(disk.available / 2);
}

}  // namespace

Runner::Runner(Parts parts)
    : parts_(std::move(parts)), budget_(room_for_images(parts_.models.hold())) {
  if (parts_.pack) take_pack();
}

void Runner::take_pack() {
  const ModelRun reference = run_of(with_f16_cache(baseline_weights()));
  for (std::size_t i = 0; i < parts_.texts.size(); ++i) {
    MeasuredText& text = *parts_.texts[i].text;
    const PackText& packed = parts_.pack->texts[i];
    text.know(reference, packed.kept);
    for (std::size_t t = 0; t < packed.scores.size(); ++t)
      text.know(reference, run_of(with_f16_cache(requantized(parts_.pack->types[t].name))),
                packed.scores[t]);
  }
}

OpenedModel& Runner::file_of(const Weights& weights) const {
  if (weights.kind == Weights::Kind::baseline) return *parts_.baseline;
  if (weights.kind == Weights::Kind::surrogate) return *parts_.surrogate;
  return weights.kind == Weights::Kind::base_model ? *parts_.base_model : *parts_.candidate;
}

void Runner::make_room() {
  // No quant type makes a file larger than its original in 16 bits.
  const auto& file = parts_.baseline ? parts_.baseline : parts_.candidate;
  auto bytes = static_cast<std::int64_t>(file->checkpoint().file_bytes());
  for (const auto& [id, made] : made_models_)
    bytes += made.file.bytes() + (made.for_cpu ? made.for_cpu->bytes() : 0);
  if (bytes > budget_) made_models_.clear();
}

assemble::QuantizeOptions Runner::options_for(const Weights& weights) const {
  auto overrides = weights.overrides;
  std::ranges::move(assemble::native_types(source()->checkpoint()), std::back_inserter(overrides));
  auto options = assemble::quantize_options(weights.mix, overrides);
  options.allow_requantize = true;
  options.threads = parts_.settings.threads;
  return options;
}

Result<assemble::Image> Runner::make(const Weights& weights) {
  if (weights.decoded) {
    QUALM_TRY(const model::Checkpoint checkpoint, opened(as_stored(weights)));
    return assemble::assemble(checkpoint, nullptr, {{{"*", assemble::Action::decode, ""}}},
                              parts_.progress);
  }
  if (weights.kind == Weights::Kind::assembled)
    return assemble::assemble(parts_.candidate->checkpoint(),
                              source() ? &source()->checkpoint() : nullptr, weights.recipe,
                              parts_.progress);
  if (!parts_.baseline) return fail(original_needed(describe(weights)));
  parts_.progress.update("making the " + name_of({weights}), 0, 0);
  QUALM_TRY(const auto source, parts_.baseline->runnable(parts_.progress));
  auto options = options_for(weights);
  if (weights.calibrated_on) {
    QUALM_TRY(options.importance, importance(*weights.calibrated_on));
  }
  return parts_.quantizer.quantize(source.path, options);
}

void Runner::release_pages() const {
  for (const auto& file : {parts_.candidate, parts_.baseline})
    if (file) file->checkpoint().release_pages();
}

Result<const Runner::Made*> Runner::made(const Weights& weights) {
  const VariantId id = id_of(weights);
  if (const auto it = made_models_.find(id); it != made_models_.end()) return &it->second;
  make_room();
  parts_.models.forget();  // making reads the files, and nothing runs meanwhile
  QUALM_TRY(auto image, make(weights));
  release_pages();
  ++made_;
  parts_.texts.front().text->scores().remember(size_key(weights), fmt::format("{}", image.bytes()));
  QUALM_TRY(auto for_cpu, made_for_cpu(image));
  return &made_models_.emplace(id, Made{std::move(image), std::move(for_cpu)}).first->second;
}

Result<std::optional<assemble::Image>> Runner::made_for_cpu(const assemble::Image& file) const {
  if (!parts_.settings.devices.what.empty()) return std::nullopt;
  QUALM_TRY(const model::Checkpoint checkpoint, formats::read(file.path()));
  if (std::ranges::none_of(checkpoint.tensors, assemble::is_slow_matrix)) return std::nullopt;
  return assemble::for_cpu(checkpoint, parts_.progress);
}

Result<engine::ModelFile> Runner::runnable(const Weights& weights) {
  if (weights.kind == Weights::Kind::baseline && !parts_.baseline)
    return fail(original_needed(describe(weights)));
  if (!weights.made()) return file_of(weights).runnable(parts_.progress);
  QUALM_TRY(const Made* const made, this->made(weights));
  return engine::ModelFile{(made->for_cpu ? *made->for_cpu : made->file).path(), describe(weights)};
}

Result<std::shared_ptr<engine::Model>> Runner::model(const Weights& weights) {
  return parts_.models.get(weights, [&] { return runnable(weights); });
}

bool Runner::is_given(const Variant& variant) const {
  const auto given = [](const std::string& type, const std::string& users) {
    return type == "f16" || type == users;
  };
  return given(variant.type_k, parts_.settings.type_k) &&
         given(variant.type_v, parts_.settings.type_v);
}

std::string Runner::original_identity() const {
  if (parts_.baseline) return parts_.baseline->identity();
  return parts_.pack ? qualm::experiment::identity_of(*parts_.pack) : "";
}

OpenedModel* Runner::source() const noexcept {
  return parts_.baseline ? parts_.baseline.get() : parts_.surrogate.get();
}

bool Runner::is_surrogate(const Weights& weights) const noexcept {
  using Kind = Weights::Kind;
  return parts_.truth_over_estimate &&
         weights.kind == (parts_.pack ? Kind::surrogate : Kind::baseline);
}

std::string Runner::identity_of(const Weights& weights) const {
  const std::string base = original_identity();
  if (weights.kind == Weights::Kind::baseline && !weights.made()) return base;
  if (!weights.made()) return file_of(weights).identity();
  const std::string id = id_of(weights).digest;
  if (weights.kind == Weights::Kind::assembled || weights.kind == Weights::Kind::candidate)
    return fmt::format("{}+{}>{}/{}", parts_.candidate->identity(),
                       source() ? source()->identity() : "", id, assemble::kAssembleVersion);
  const std::string text =
      weights.calibrated_on ? parts_.texts.at(*weights.calibrated_on).text->calibration_identity()
                            : "";
  return fmt::format("{}>{}{}", base, id, text);
}

std::string Runner::size_key(const Weights& weights) const {
  return fmt::format("bytes|{}|{}", identity_of(weights),
                     parts_.texts.front().text->engine_version());
}

std::string Runner::name_of(const Variant& variant) const {
  const std::string name = describe(variant);
  const bool estimated = is_surrogate(baseline_weights()) && name.starts_with("original");
  return (estimated ? "estimated " : "") + name;
}

bool Runner::is_served(const Weights& weights) const noexcept {
  using Kind = Weights::Kind;
  return weights.kind == Kind::served || (parts_.file_unknown && weights.kind == Kind::candidate);
}

ModelRun Runner::run_of(const Variant& variant) {
  if (is_served(variant.weights))
    return {.name = name_of(variant), .identity = "", .asked = parts_.served};
  ModelRun run{.name = name_of(variant),
               .identity = identity_of(variant.weights),
               .load = [this, weights = variant.weights] { return model(weights); },
               .settings = parts_.settings};
  run.settings.type_k = variant.type_k;
  run.settings.type_v = variant.type_v;
  return run;
}

Result<std::vector<evaluate::Measurement>> Runner::measure(const Variant& reference,
                                                           std::span<const Variant> variants,
                                                           WindowRange windows,
                                                           const evaluate::StopRule& rule) {
  std::vector<evaluate::Measurement> all;
  MeasuredText& text = *parts_.texts.at(windows.text).text;
  std::vector<ModelRun> runs;
  for (const Variant& variant : variants) {
    runs.push_back(run_of(variant));
    // A cache that is only tried may not suit the model's head size.
    runs.back().optional = !is_given(variant);
  }
  // Where the reference's windows are kept, one after the other; else all beside one pass of it.
  const std::size_t together = text.keeps_references() ? 1 : runs.size();
  while (all.size() < runs.size()) {
    const auto group = std::span(runs).subspan(all.size(), together);
    auto measured = text.measure(run_of(reference), group, windows.begin, windows.end, rule);
    parts_.models.forget_made();
    if (!measured) return std::unexpected(measured.error());
    for (auto& one : *measured) {
      if (is_surrogate(reference.weights))
        evaluate::make_estimate(one, *parts_.truth_over_estimate);
      all.push_back(std::move(one));
    }
    if (all.back().cancelled)
      return fail({Kind::cancelled, "APP-001", parts_.candidate->path(), "diagnosis", "",
                   "stopped on request",
                   "What was measured is kept: run the same command again to continue."});
  }
  return all;
}

std::vector<Domain> Runner::texts() const {
  std::vector<Domain> all;
  for (const Text& text : parts_.texts) all.push_back(text.domain);
  return all;
}

std::int64_t Runner::passes() const noexcept {
  std::int64_t passes = 0;
  for (const Text& text : parts_.texts) passes += text.text->passes();
  return passes;
}

Result<const model::Importance*> Runner::importance(std::size_t text) {
  if (const auto it = importance_.find(text); it != importance_.end()) return &it->second;
  QUALM_TRY(const auto baseline, model(baseline_weights()));
  const MeasuredText& measured = *parts_.texts.at(text).text;
  const auto tokens = measured.last_windows(calibration_windows(measured.windows().count()));
  QUALM_TRY(auto made, baseline->importance(parts_.settings, tokens, parts_.progress));
  return &importance_.emplace(text, std::move(made)).first->second;
}

Result<model::Checkpoint> Runner::opened(const Weights& weights) {
  if (!weights.made()) return file_of(weights).checkpoint();
  QUALM_TRY(const Made* const made, this->made(weights));
  return formats::read(made->file.path());
}

Result<std::optional<bool>> Runner::same_weights(const Weights& a, const Weights& b) {
  if (!parts_.baseline) return std::nullopt;
  QUALM_TRY(const auto first, opened(a));
  QUALM_TRY(const auto second, opened(b));
  const bool same = std::ranges::all_of(first.tensors, [&](const model::Tensor& tensor) {
    const model::Tensor* other = second.find(tensor.name);
    return other && tensor.encoding.ggml_type >= 0 &&
           tensor.encoding.ggml_type == other->encoding.ggml_type &&
           std::ranges::equal(tensor.data->ggml_bytes(), other->data->ggml_bytes());
  });
  release_pages();
  return same;
}

Result<bool> Runner::is_type(const std::string& type) {
  if (!source()) return false;
  const auto types = types_by(options_for(requantized(type)), source()->checkpoint(),
                              parts_.quantizer, parts_.progress);
  if (!types && types.error().kind == Kind::engine) return false;  // so small a model is refused
  QUALM_CHECK(types);
  return has_types(parts_.candidate->checkpoint(), *types);
}

evaluate::NoiseFloor Runner::noise_floor() {
  MeasuredText& text = *parts_.texts.front().text;
  evaluate::NoiseFloor floor;
  floor.original.absent = "no original was given";
  floor.candidate.absent = "the candidate runs in a server";
  if (parts_.file_unknown) {
    floor.original.absent = floor.candidate.absent;
    return floor;
  }
  if (parts_.pack) floor.original = parts_.pack->noise_floor;
  if (parts_.baseline)
    floor.original = text.noise_floor(run_of(with_f16_cache(baseline_weights())));
  floor.candidate = text.noise_floor(run_of({{}, parts_.settings.type_k, parts_.settings.type_v}));
  return floor;
}

evaluate::CrossCheck Runner::cross_check(const Variant& variant) {
  const ModelRun run = run_of(variant);
  ModelRun on_cpu = run;
  on_cpu.name += " on the CPU";
  on_cpu.settings = engine::on_cpu(run.settings);
  on_cpu.load = [this, weights = variant.weights] {
    return parts_.models.get(
        weights, [&] { return runnable(weights); }, Place::cpu);
  };
  return parts_.texts.front().text->cross_check(run, on_cpu);
}

evaluate::CrossChecks Runner::cross_checks() {
  evaluate::CrossChecks checks;
  checks.candidate = cross_check({{}, parts_.settings.type_k, parts_.settings.type_v});
  checks.original.kld.absent = "no original was given";
  if (parts_.baseline) checks.original = cross_check(with_f16_cache(baseline_weights()));
  return checks;
}

Result<model::Importance> Runner::inputs(std::int32_t windows) {
  QUALM_TRY(const auto candidate, model({}));
  return candidate->importance(parts_.settings, parts_.texts.front().text->first_windows(windows),
                               parts_.progress);
}

Result<std::int64_t> Runner::model_bytes(const Weights& weights) {
  if (!weights.made()) return static_cast<std::int64_t>(file_of(weights).checkpoint().file_bytes());
  if (parts_.pack && is_plain_type(with_f16_cache(weights)))
    for (const PackType& type : parts_.pack->types)
      if (type.name == weights.mix) return type.bytes;
  if (const auto known = parts_.texts.front().text->scores().recall(size_key(weights))) {
    std::int64_t bytes = 0;
    const char* const end = known->data() + known->size();
    if (std::from_chars(known->data(), end, bytes).ptr == end && bytes > 0) return bytes;
  }
  QUALM_TRY(const Made* const made, this->made(weights));
  return made->file.bytes();
}

std::optional<std::int64_t> Runner::cache_bytes(const std::string& type_k,
                                                const std::string& type_v) const {
  engine::Settings settings = parts_.settings;
  settings.type_k = type_k;
  settings.type_v = type_v;
  return bytes_of_cache(parts_.candidate->checkpoint(), settings);
}

}  // namespace qualm::experiment
