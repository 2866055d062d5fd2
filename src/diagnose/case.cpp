#include "diagnose/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/lines.h"

namespace qualm::diagnose {
namespace {

// Bounds on cost. Where 48 windows leave 1 % of perplexity undecided, kld against the floor
// decides.
constexpr std::int32_t kFresh = 16;
constexpr std::int32_t kMostTried = 16;
constexpr std::int32_t kMostScreened = 24;
constexpr std::int32_t kMostExplored = 48;

std::string key(const Variant& reference, const Variant& variant, std::size_t text = 0) {
  return fmt::format("{} | {} | {}", text, describe(reference), describe(variant));
}

bool full_precision(const std::string& type) {
  return type == "f16" || type == "bf16" || type == "f32";
}

}  // namespace

bool Case::cache_quantized() const noexcept {
  return !full_precision(patient_->type_k) || !full_precision(patient_->type_v);
}

const std::map<model::TensorClass, compare::Rounding>& Case::rounding() {
  Progress silent;
  if (!rounding_)
    rounding_ = compare::rounding_by_class(*patient_->candidate,
                                           patient_->progress ? *patient_->progress : silent);
  return *rounding_;
}

WindowRange Case::fresh() const {
  const std::int32_t total = lab_ ? lab_->windows_total() : 0;
  return {explored_.end, std::min(total, explored_.end + kFresh)};
}

Result<void> Case::explore() {
  const Variant reference = paired() ? baseline() : tier_only();
  const evaluate::StopRule rule{evaluate::StopRule::Quantity::ppl_change, kPplLine, kFresh};
  const std::array variants{as_run()};
  const std::int32_t total = lab_->windows_total();
  const std::int32_t usable = total >= 2 * kFresh ? total - kFresh : total;
  const std::int32_t most = patient_->read_all ? usable : std::min(usable, kMostExplored);
  QUALM_TRY(auto measurements, lab_->measure(reference, variants, {0, most},
                                             patient_->read_all ? evaluate::StopRule{} : rule));
  explored_ = {0, static_cast<std::int32_t>(measurements[0].windows.size())};
  stopped_early_ = measurements[0].stopped_early;
  known_.insert_or_assign(key(reference, variants[0]), std::move(measurements[0]));
  return {};
}

Result<void> Case::prepare(const Variant& reference, std::span<const Variant> variants) {
  return learn(reference, variants, explored_);
}

WindowRange Case::screened() const noexcept {
  return {explored_.begin, std::min(explored_.end, explored_.begin + kMostScreened)};
}

WindowRange Case::tried() const noexcept {
  return {explored_.begin, std::min(explored_.end, explored_.begin + kMostTried)};
}

Result<std::vector<const evaluate::Measurement*>> Case::measured_on(
    WindowRange windows, std::span<const Variant> variants) {
  return measured_on(windows, baseline(), variants);
}

Result<std::vector<const evaluate::Measurement*>> Case::measured_on(
    WindowRange windows, const Variant& reference, std::span<const Variant> variants) {
  QUALM_CHECK(learn(reference, variants, windows));
  std::vector<const evaluate::Measurement*> measured;
  for (const Variant& variant : variants)
    measured.push_back(&known_.at(key(reference, variant, windows.text)));
  return measured;
}

Result<void> Case::learn(const Variant& reference, std::span<const Variant> variants,
                         WindowRange windows) {
  std::vector<Variant> missing;
  for (const Variant& variant : variants) {
    const auto known = known_.find(key(reference, variant, windows.text));
    const auto wanted = static_cast<std::size_t>(windows.count());
    if (known == known_.end() || known->second.windows.size() < wanted) missing.push_back(variant);
  }
  if (missing.empty()) return {};
  QUALM_TRY(auto measurements, lab_->measure(reference, missing, windows, {}));
  for (std::size_t i = 0; i < missing.size(); ++i)
    known_.insert_or_assign(key(reference, missing[i], windows.text), std::move(measurements[i]));
  return {};
}

Result<const evaluate::Measurement*> Case::measured(const Variant& reference,
                                                    const Variant& variant) {
  QUALM_CHECK(prepare(reference, std::span(&variant, 1)));
  return &known_.at(key(reference, variant));
}

Result<const evaluate::Measurement*> Case::measured(const Variant& variant) {
  return measured(baseline(), variant);
}

Variant Case::as_run() const { return {{}, patient_->type_k, patient_->type_v}; }
Variant Case::tier_only() const { return {}; }
Variant Case::kv_only() const { return {kBaselineWeights, patient_->type_k, patient_->type_v}; }
Variant Case::baseline() { return {kBaselineWeights, "f16", "f16"}; }
Variant Case::base_model() { return {kBaseModelWeights, "f16", "f16"}; }
Variant Case::rung(const std::string& mix) {
  return {{.kind = Weights::Kind::requantized, .mix = mix, .recipe = {}}, "f16", "f16"};
}

Result<const compare::Provenance*> Case::origin() {
  if (!origin_) {
    Progress silent;
    QUALM_TRY(origin_,
              compare::provenance(*patient_->candidate, *patient_->baseline, patient_->base_model,
                                  0, patient_->progress ? *patient_->progress : silent));
  }
  return &*origin_;
}

}  // namespace qualm::diagnose
