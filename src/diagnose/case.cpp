#include "diagnose/case.h"

#include <algorithm>
#include <array>

#include "diagnose/lines.h"

namespace qualm::diagnose {
namespace {

constexpr std::int32_t kLeastFresh = 16;

std::string key(const Variant& reference, const Variant& variant) {
  return describe(reference) + " | " + describe(variant);
}

bool full_precision(const std::string& type) {
  return type == "f16" || type == "bf16" || type == "f32";
}

}  // namespace

bool Case::cache_quantized() const noexcept {
  return !full_precision(patient_->type_k) || !full_precision(patient_->type_v);
}

WindowRange Case::fresh() const {
  const std::int32_t total = lab_ ? lab_->windows_total() : 0;
  const std::int32_t wanted = std::max(explored_.count(), kLeastFresh);
  return {explored_.end, std::min(total, explored_.end + wanted)};
}

Result<void> Case::explore() {
  const Variant reference = paired() ? baseline() : tier_only();
  const evaluate::StopRule rule{evaluate::StopRule::Quantity::ppl_change, kPplLine, kLeastFresh};
  const std::array variants{as_run()};
  QUALM_TRY(auto measurements,
            lab_->measure(reference, variants, {0, lab_->windows_total()}, rule));
  explored_ = {0, static_cast<std::int32_t>(measurements[0].windows.size())};
  stopped_early_ = measurements[0].stopped_early;
  known_.insert_or_assign(key(reference, variants[0]), std::move(measurements[0]));
  return {};
}

Result<void> Case::prepare(const Variant& reference, std::span<const Variant> variants) {
  std::vector<Variant> missing;
  for (const Variant& variant : variants)
    if (!known_.contains(key(reference, variant))) missing.push_back(variant);
  if (missing.empty()) return {};
  QUALM_TRY(auto measurements, lab_->measure(reference, missing, explored_, {}));
  for (std::size_t i = 0; i < missing.size(); ++i)
    known_.insert_or_assign(key(reference, missing[i]), std::move(measurements[i]));
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
Variant Case::rung(const std::string& mix) {
  return {{.kind = Weights::Kind::requantized, .mix = mix, .recipe = {}}, "f16", "f16"};
}

}  // namespace qualm::diagnose
