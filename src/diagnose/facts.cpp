#include "diagnose/facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "model/file_type.h"

namespace qualm::diagnose {
namespace {

using experiment::with_f16_cache;

const evaluate::Measurement& needs_original() {
  static const evaluate::Measurement kNeeds =
      evaluate::unavailable("needs the original model (--baseline)");
  return kNeeds;
}

}  // namespace

bool Facts::quantized(const std::string& cache_type) noexcept {
  return cache_type != "f16" && cache_type != "bf16" && cache_type != "f32";
}

bool Facts::cache_quantized() const noexcept {
  return quantized(given.type_k) || quantized(given.type_v);
}

/// What decides most diagnoses: KLD against the least line there is.
evaluate::StopRule Facts::watched() const {
  using Quantity = evaluate::StopRule::Quantity;
  evaluate::StopRule rule{Quantity::kld_mean, paired() ? kLeastLine : kLeastCacheLine, kHoldout,
                          kCheckConfidence};
  if (!given.accept) return rule;
  if (given.accept->metric == evaluate::MetricId::ppl_change) rule.quantity = Quantity::ppl_change;
  rule.threshold = given.accept->most;
  return rule;
}

Known<WindowRange> Facts::selection() const {
  if (selection_) return *selection_;
  const std::int32_t total = texts.front().windows;
  const std::int32_t usable = total >= 2 * kHoldout ? total - kHoldout : total;
  const std::int32_t most = given.read_all ? usable : std::min(usable, kMostSelection);
  WantedMeasurements wanted{.reference = reference(),
                            .variants = {as_run()},
                            .windows = {0, most},
                            .rule = given.read_all ? evaluate::StopRule{} : watched(),
                            .selects = true};
  if (estimated() && !given.read_all) {  // more windows would not make the estimate any better
    wanted.windows.end = std::min(usable, kForEstimate);
    wanted.rule = {};
  }
  if (served_alone() && !given.read_all) {  // a request for each position
    wanted.windows.end = std::min(usable, kForServer);
    wanted.rule = {};
  }
  return std::unexpected(std::move(wanted));
}

Known<WindowRange> Facts::selection(std::int32_t most) const {
  QUALM_TRY(const WindowRange all, selection());
  return WindowRange{all.begin, std::min(all.end, all.begin + most), all.text};
}

/// How many of the first windows chose: something was compared on them, not the candidate alone
/// read.
std::int32_t Facts::chose() const {
  std::int32_t most = kFirstLook;
  for (const auto& [key, entry] : measurements_)
    if (std::get<0>(key) == 0 && std::get<1>(key) == 0 && std::get<3>(key) != id_of(as_run()))
      most = std::max(most, entry.windows);
  return most;
}

Known<WindowRange> Facts::holdout() const {
  QUALM_TRY(const WindowRange selected, selection());
  const std::int32_t total = texts.front().windows;
  const std::int32_t begin = std::min(selected.end, chose());
  return WindowRange{begin, std::min(total, begin + kHoldout)};
}

Facts::Key Facts::key(WindowRange windows, const Variant& reference, const Variant& variant) {
  return {windows.text, windows.begin, id_of(reference), id_of(variant)};
}

bool Facts::measurable(const Variant& reference, const Variant& variant) const {
  const Weights& weights = variant.weights;
  using Kind = Weights::Kind;
  if (!given.pack || weights.kind == Kind::candidate || weights.kind == Kind::served) return true;
  if (reference.weights.kind == Kind::surrogate) return true;
  return is_plain_type(variant) &&
         std::ranges::find(given.pack->types, weights.mix) != given.pack->types.end();
}

Known<Facts::Measured> Facts::measured(WindowRange windows, const Variant& reference,
                                       std::span<const Variant> variants) const {
  Measured known;
  WantedMeasurements missing{.reference = reference, .variants = {}, .windows = windows};
  bool refused = false;
  for (const Variant& asked : variants) {
    QUALM_TRY(const Variant variant, stand_in(asked));
    const auto it = measurements_.find(key(windows, reference, variant));
    if (!measurable(reference, variant)) {
      known.push_back(&needs_original());
    } else if (it == measurements_.end() || it->second.windows < windows.count()) {
      if (place_of(variant, missing.variants) == missing.variants.size())
        missing.variants.push_back(variant);
      refused = refused || not_measured_.contains(key(windows, reference, variant));
    } else {
      known.push_back(&it->second.measurement);
    }
  }
  missing.optional = reference.weights.kind == Weights::Kind::base_model;
  if (missing.variants.empty()) return known;
  Wanted wanted(std::move(missing));
  wanted.left_out = refused;
  return std::unexpected(std::move(wanted));
}

Known<Facts::Measured> Facts::measured(WindowRange windows,
                                       std::span<const Variant> variants) const {
  return measured(windows, original(), variants);
}

Known<const evaluate::Measurement*> Facts::measured(const Variant& reference,
                                                    const Variant& variant) const {
  QUALM_TRY(const WindowRange windows, selection());
  QUALM_TRY(const Measured known, measured(windows, reference, std::span(&variant, 1)));
  return known.front();
}

Known<const evaluate::Measurement*> Facts::measured(const Variant& variant) const {
  return measured(original(), variant);
}

std::vector<KnownMeasurement> Facts::against(std::size_t text, const Variant& reference) const {
  std::vector<KnownMeasurement> all;
  for (const auto& [key, entry] : measurements_)
    if (std::get<0>(key) == text && std::get<2>(key) == id_of(reference))
      all.push_back({&entry.variant, &entry.measurement, std::get<1>(key)});
  return all;
}

Known<evaluate::NoiseFloor> Facts::noise_floor() const {
  if (noise_floor_) return *noise_floor_;
  if (!loses_much() && !estimated()) return std::unexpected(WantedNoiseFloor{});
  const char* const kWhy =
      estimated() ? "an estimate of the loss is far less certain" : evaluate::kLossFarLarger;
  evaluate::NoiseFloor none;
  none.original.absent = none.candidate.absent = kWhy;
  return none;
}

bool Facts::loses_much() const {
  if (!selection_) return false;
  const auto as_run = measured(reference(), this->as_run());
  if (!as_run) return false;
  return side_of(**as_run, evaluate::MetricId::kld_mean, kRuntimeMatters) == Side::above;
}

Known<const evaluate::CrossChecks*> Facts::cross_checks() const {
  if (!cross_checks_) return std::unexpected(WantedCrossCheck{});
  return &*cross_checks_;
}

Known<const model::Importance*> Facts::inputs(std::int32_t windows) const {
  const auto it = inputs_.find(windows);
  if (it == inputs_.end()) return std::unexpected(WantedInputs{windows});
  return &it->second;
}

Known<std::int64_t> Facts::model_bytes(const Weights& weights) const {
  const auto it = sizes_.find(id_of(weights));
  if (it == sizes_.end()) return std::unexpected(WantedSize{weights});
  return it->second;
}

Known<std::optional<std::int64_t>> Facts::cache_bytes(const std::string& k,
                                                      const std::string& v) const {
  const auto it = cache_sizes_.find({k, v});
  if (it == cache_sizes_.end()) return std::unexpected(WantedCacheSize{k, v});
  return it->second;
}

Known<std::optional<bool>> Facts::same_weights(const Weights& a, const Weights& b) const {
  const Pair pair{id_of(a), id_of(b)};
  if (const auto it = equal_.find(pair); it != equal_.end()) return it->second;
  Wanted wanted(WantedEquality{a, b});
  wanted.left_out = not_compared_.contains(pair);
  return std::unexpected(std::move(wanted));
}

bool Facts::may_stand_for(const std::string& type) const {
  return estimated() && model::type_of(*given.candidate) == type;
}

Known<Variant> Facts::stand_in(const Variant& variant) const {
  if (!is_plain_type(variant) || !may_stand_for(variant.weights.mix)) return variant;
  if (!is_its_type_) return std::unexpected(WantedType{variant.weights.mix});
  return *is_its_type_ ? weights_only() : variant;
}

void Facts::add(const WantedMeasurements& wanted, std::vector<evaluate::Measurement> measurements) {
  std::int32_t windows = wanted.windows.count();
  if (wanted.selects) {
    windows = static_cast<std::int32_t>(measurements.front().windows.size());
    selection_ = {wanted.windows.begin, wanted.windows.begin + windows, wanted.windows.text};
    stopped_early_ = measurements.front().stopped_early;
  }
  for (std::size_t i = 0; i < measurements.size(); ++i)
    measurements_.insert_or_assign(key(wanted.windows, wanted.reference, wanted.variants[i]),
                                   Entry{wanted.variants[i], std::move(measurements[i]), windows});
}

void Facts::add(const WantedSize& wanted, std::int64_t bytes) {
  sizes_.insert_or_assign(id_of(wanted.weights), bytes);
}

void Facts::add(const WantedCacheSize& wanted, std::optional<std::int64_t> bytes) {
  cache_sizes_.insert_or_assign({wanted.type_k, wanted.type_v}, bytes);
}

void Facts::add(const WantedEquality& wanted, std::optional<bool> equal) {
  equal_.insert_or_assign({id_of(wanted.a), id_of(wanted.b)}, equal);
}

void Facts::add(const WantedType& /*wanted*/, bool is_type) { is_its_type_ = is_type; }

void Facts::add(const WantedNoiseFloor& /*wanted*/, evaluate::NoiseFloor floor) {
  noise_floor_ = std::move(floor);
}

void Facts::add(const WantedCrossCheck& /*wanted*/, evaluate::CrossChecks checks) {
  cross_checks_ = std::move(checks);
}

void Facts::add(const WantedInputs& wanted, model::Importance inputs) {
  inputs_.insert_or_assign(wanted.windows, std::move(inputs));
}

void Facts::leave_out(const Wanted& wanted) {
  std::string what;
  if (const auto* measured = std::get_if<WantedMeasurements>(&wanted.what)) {
    for (const Variant& variant : measured->variants) {
      not_measured_.insert(key(measured->windows, measured->reference, variant));
      what += (what.empty() ? "" : "; ") + experiment::describe(variant);
    }
    what += fmt::format(": {} windows", measured->windows.count());
  } else if (const auto* equality = std::get_if<WantedEquality>(&wanted.what)) {
    not_compared_.insert({id_of(equality->a), id_of(equality->b)});
    what = "the candidate compared with round-to-nearest of the original";
  } else if (const auto* type = std::get_if<WantedType>(&wanted.what)) {
    is_its_type_ = false;
    what = fmt::format("whether the candidate is a usual {}", type->type);
  } else if (std::holds_alternative<WantedNoiseFloor>(wanted.what)) {
    noise_floor_.emplace().original.absent = kLeftOut;
    noise_floor_->candidate.absent = kLeftOut;
    what = "noise floor";
  } else if (std::holds_alternative<WantedCrossCheck>(wanted.what)) {
    cross_checks_.emplace().candidate.kld.absent = kLeftOut;
    cross_checks_->original.kld.absent = kLeftOut;
    what = "the windows on the CPU";
  } else {
    written.emplace();
    what = "written texts";
  }
  left_out.push_back({wanted.stage, std::move(what)});
}

Variant Facts::as_run() const { return {{}, given.type_k, given.type_v}; }
Variant Facts::as_served() { return with_f16_cache(experiment::served_weights()); }
Variant Facts::cache_only() const {
  return {experiment::baseline_weights(), given.type_k, given.type_v};
}
Variant Facts::original() { return with_f16_cache(experiment::baseline_weights()); }
Variant Facts::taken_from() const {
  return estimates_beside_pack() ? with_f16_cache(experiment::surrogate_weights()) : original();
}
Variant Facts::by_rtn() { return with_f16_cache(experiment::round_to_nearest()); }
Variant Facts::original_in_f32() {
  return experiment::with_f16_cache(
      experiment::assembled({{{"*", assemble::Action::encode_baseline, "F32"}}}));
}

Variant Facts::base_model() { return with_f16_cache(experiment::base_model_weights()); }
Variant Facts::as_type(const std::string& type) {
  return with_f16_cache(experiment::requantized(type));
}

}  // namespace qualm::diagnose
