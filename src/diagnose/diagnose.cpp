#include "diagnose/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <utility>

#include "diagnose/attribution.h"
#include "diagnose/calibration_study.h"
#include "diagnose/check.h"
#include "diagnose/class_study.h"
#include "diagnose/lines.h"
#include "diagnose/symptoms.h"
#include "diagnose/words.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

bool problem(const CheckResult& check) {
  return check.status == Status::cause || check.status == Status::contributes;
}

CheckResult* find(std::vector<CheckResult>& checks, std::string_view id) {
  const auto it = std::ranges::find(checks, id, &CheckResult::id);
  return it == checks.end() ? nullptr : &*it;
}

/// Checks that ask what the weights lose by their bits.
bool about_bits(std::string_view id) {
  return id == "tier" || id == "architecture" || id == "calibration";
}

CheckResult not_before() {
  CheckResult result;
  result.status = Status::cannot_tell;
  result.headline = "the loss of the bits cannot be told from that of the fault above";
  result.needs.emplace_back("the model without that fault");
  return result;
}

std::string level_of(const Case& patient) {
  if (patient.patient().baseline) return patient.patient().base_model ? "L3+" : "L3";
  return patient.lab() ? "L1" : "L0";
}

/// Weights alone, cache alone, both: what every pair of the two factors costs.
Result<void> add_grid(Case& patient, CheckResult& cache) {
  for (const auto& [name, says, variant] :
       {std::tuple{"grid_weights", "Its weights, F16 cache", patient.tier_only()},
        std::tuple{"grid_cache", "The baseline's weights, its cache", patient.kv_only()},
        std::tuple{"grid_both", "Its weights, its cache", patient.as_run()}}) {
    QUALM_TRY(const auto* measured, patient.measured(variant));
    cache.evidence.push_back(metric_evidence(name, *measured, "kld_mean", says));
  }
  return {};
}

void add_share_of_ppl(const numeric::Estimate& share, CheckResult& check) {
  check.evidence.push_back({"share_ln_ppl", share, "fraction",
                            fmt::format("Its share of the change of ln ppl: {}",
                                        numeric::format_estimate(share, {.percent = true}))});
}

/// Shares of the weights, of a crushed class of them and of the cache; from them which is the cause
/// and which contribute.
Result<std::string> share_out(Case& patient, std::vector<CheckResult>& checks) {
  CheckResult* tier = find(checks, "tier");
  CheckResult* cache = find(checks, "kv_cache");
  CheckResult* architecture = find(checks, "architecture");
  if (!patient.paired() || !tier || !cache || !architecture) return "";
  if (patient.cache_quantized()) QUALM_CHECK(add_grid(patient, *cache));
  std::optional<ClassGroup> crushed;
  if (problem(*architecture)) {
    QUALM_TRY(const ClassStudy study, study_classes(patient));
    if (study.culprit()) crushed = study.culprit()->group;
  }
  if (!crushed && !patient.cache_quantized()) return "";
  QUALM_TRY(const auto shares, attribute(patient, crushed ? &*crushed : nullptr));
  if (!shares) return "";
  tier->share = shares->kld.tier;
  architecture->share = shares->kld.architecture;
  if (patient.cache_quantized()) cache->share = shares->kld.kv_cache;
  if (shares->ln_ppl) {
    add_share_of_ppl(shares->ln_ppl->tier, *tier);
    if (shares->ln_ppl->architecture)
      add_share_of_ppl(*shares->ln_ppl->architecture, *architecture);
    if (patient.cache_quantized()) add_share_of_ppl(shares->ln_ppl->kv_cache, *cache);
  }
  std::vector<CheckResult*> guilty;
  for (CheckResult* check : {tier, cache, architecture})
    if (problem(*check) && check->share) guilty.push_back(check);
  if (guilty.size() < 2) return "";
  std::ranges::stable_sort(guilty, std::greater<>(),
                           [](const CheckResult* check) { return check->share->value; });
  for (std::size_t i = 1; i < guilty.size(); ++i) guilty[i]->status = Status::contributes;
  return shares->kld.separated ? "" : "The shares of the two largest causes are not separated.";
}

/// One cause at most is the principal one: a file fault breaks everything, then by share, then by
/// the guide's order. A finding that yields (a differing chat template alone) yields to a measured
/// loss.
std::string name_principal(std::vector<CheckResult>& checks) {
  CheckResult* principal = nullptr;
  for (CheckResult& check : checks)
    if (check.status == Status::cause && !principal) principal = &check;
  if (!principal) return "";
  // Another model's weights are no matter of bits: whatever else is found comes on top of them.
  if (CheckResult* other = find(checks, "provenance");
      other && other->status == Status::cause && principal->id != "not_quant")
    principal = other;
  for (CheckResult& check : checks) {
    if (&check == principal || check.status != Status::cause) continue;
    if (principal->yields) {
      principal->status = Status::contributes;
      principal = &check;
      break;
    }
    check.status = Status::contributes;
  }
  return principal->id;
}

/// The share of the weights is the other model's, where it is one; the tier has none of its own.
void share_of_other_model(std::vector<CheckResult>& checks) {
  CheckResult* tier = find(checks, "tier");
  CheckResult* provenance = find(checks, "provenance");
  if (!tier || !provenance || provenance->status != Status::cause) return;
  if (tier->share) provenance->share = std::exchange(tier->share, std::nullopt);
}

/// In the order in which they are to be followed: first the right model, then how it is made.
std::vector<const CheckResult*> to_be_remedied(const std::vector<CheckResult>& found) {
  std::vector<const CheckResult*> order;
  for (const CheckResult& check : found)
    if (problem(check)) order.push_back(&check);
  std::ranges::stable_partition(order,
                                [](const CheckResult* check) { return check->id == "provenance"; });
  return order;
}

/// Applies what a remedy changes to a patient as run.
Variant apply(const Fix& fix, Variant variant) {
  if (fix.weights) variant.weights = *fix.weights;
  if (fix.cache) std::tie(variant.type_k, variant.type_v) = *fix.cache;
  return variant;
}

std::map<std::string, numeric::Metric> proof(const evaluate::Measurement& measurement) {
  std::map<std::string, numeric::Metric> figures;
  for (const char* name : {"ppl_change", "kld_mean", "same_top"})
    figures[name] = measurement.metrics.at(name);
  return figures;
}

/// One remedy after the other was added, and what it is proved on.
struct Treatment {
  std::vector<Remedy> remedies;
  std::vector<Variant> variants;  ///< the patient as run, then with each remedy added
  std::vector<std::size_t> texts;
};

/// Windows of a text that chose nothing and calibrate nothing; where there are none, those that
/// were explored.
WindowRange proving(const Case& patient, std::size_t text, const Treatment& treatment) {
  WindowRange windows = patient.fresh();
  const std::int32_t total = patient.lab()->texts()[text].windows;
  if (text != 0) windows = {kMostDomainWindows, kMostDomainWindows + windows.count(), text};
  const bool calibrated = std::ranges::any_of(
      treatment.variants, [&](const Variant& v) { return v.weights.calibrated_on == text; });
  windows.end = std::min(windows.end, total - (calibrated ? calibration_windows(total) : 0));
  if (windows.count() >= 2) return windows;
  if (text == 0) return patient.explored();
  return {0, std::min(total, kMostDomainWindows), text};
}

Result<void> prove(Case& patient, Treatment& treatment) {
  const Variant reference = patient.paired() ? Case::baseline() : patient.tier_only();
  for (std::size_t i = 0; i < treatment.remedies.size(); ++i) {
    const std::size_t text = treatment.texts[i];
    const auto before = std::span(treatment.texts).first(i);
    const bool again = std::ranges::find(before, text) != before.end();
    if (again) continue;  // all of one text share a pass of the reference
    const WindowRange windows = proving(patient, text, treatment);
    QUALM_TRY(const auto measured,
              patient.lab()->measure(reference, treatment.variants, windows, {}));
    for (std::size_t k = i; k < treatment.remedies.size(); ++k) {
      if (treatment.texts[k] != text) continue;
      Remedy& remedy = treatment.remedies[k];
      remedy.before = proof(measured.front());
      remedy.after = proof(measured[k + 1]);
      remedy.windows = static_cast<std::int64_t>(measured[k + 1].windows.size());
      remedy.fresh = windows.begin > 0;
    }
  }
  return {};
}

/// Prescribes for every cause, then reads all remedies, one added after the other, on fresh
/// windows.
Result<std::vector<Remedy>> prescribe(Case& patient, const std::vector<CheckResult>& found) {
  Treatment treatment;
  treatment.variants.push_back(patient.as_run());
  for (const CheckResult* check : to_be_remedied(found)) {
    const auto entry = std::ranges::find(checks(), check->id, &CheckEntry::id);
    if (!entry->prescribe) continue;
    QUALM_TRY(auto fix, entry->prescribe(patient));
    if (!fix) continue;
    treatment.variants.push_back(apply(*fix, treatment.variants.back()));
    treatment.texts.push_back(fix->text);
    treatment.remedies.push_back(
        {check->id, fix->command, fix->effect, fix->bytes, {}, {}, 0, false});
  }
  QUALM_CHECK(prove(patient, treatment));
  return std::move(treatment.remedies);
}

/// The patient as run, all factors together.
Result<Side> overall(Case& patient) {
  if (!patient.paired()) return Side::not_separated;
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* as_run, patient.measured(patient.as_run()));
  return harm(*as_run, *floor);
}

void conclude(Case& patient, Side side, const std::string& remark, Diagnosis& diagnosis) {
  const bool found = std::ranges::any_of(diagnosis.checks, problem);
  // What was lost with all factors together is known: only a doubt about the files goes beyond it.
  const bool unsure = find(diagnosis.checks, "not_quant")->status == Status::cannot_tell;
  if (found || side == Side::above) {
    diagnosis.verdict = "problem";
    const auto* principal = find(diagnosis.checks, diagnosis.principal_cause);
    diagnosis.summary =
        principal ? fmt::format("{}: {}.", principal->title, principal->headline)
                  : "It lost more than it should, and no check that was examined explains it.";
  } else if (patient.paired() && side == Side::below && !unsure) {
    diagnosis.verdict = "healthy";
    diagnosis.summary = "No loss that matters was found on this text.";
  } else {
    diagnosis.verdict = "cannot_tell";
    diagnosis.summary = patient.paired()
                            ? "The text does not suffice to tell."
                            : "Without the model it was made from, most causes cannot be examined.";
  }
  if (!remark.empty()) diagnosis.summary += " " + remark;
}

}  // namespace

std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::cause:
      return "cause";
    case Status::contributes:
      return "contributes";
    case Status::cleared:
      return "cleared";
    case Status::not_examined:
      return "not_examined";
    case Status::cannot_tell:
      return "cannot_tell";
  }
  return "not_examined";
}

Result<Diagnosis> diagnose(Case& patient) {
  Diagnosis diagnosis;
  diagnosis.evidence_level = level_of(patient);
  const bool runs = patient.lab() && (patient.paired() || patient.cache_quantized());
  if (runs) {
    QUALM_CHECK(patient.explore());
  }
  if (patient.paired()) {  // one pass of the baseline for all that the checks below ask first
    std::vector<Variant> wanted{patient.tier_only(), Case::rung(kFloorMix)};
    if (patient.cache_quantized()) {
      wanted.push_back(patient.kv_only());
      wanted.push_back(Case::rung(kCacheLineMix));
    }
    QUALM_CHECK(patient.prepare(Case::baseline(), wanted));
  }
  diagnosis.symptoms = patient.patient().symptoms;
  if (runs && patient.patient().look_for_long_context) {
    QUALM_TRY(const auto* as_run,
              patient.measured(patient.paired() ? Case::baseline() : patient.tier_only(),
                               patient.as_run()));
    diagnosis.symptoms.push_back(long_context(*as_run));
  }
  for (const CheckEntry& entry : checks()) {
    const CheckResult* files = find(diagnosis.checks, "not_quant");
    const bool hidden = files && files->confounds && patient.paired() && about_bits(entry.id);
    QUALM_TRY(CheckResult result, hidden ? not_before() : entry.examine(patient));
    result.id = entry.id;
    result.title = entry.title;
    diagnosis.checks.push_back(std::move(result));
  }
  QUALM_CHECK(judge_tier_of_right_model(patient, diagnosis.checks));
  QUALM_TRY(const std::string remark, share_out(patient, diagnosis.checks));
  share_of_other_model(diagnosis.checks);
  diagnosis.principal_cause = name_principal(diagnosis.checks);
  if (runs) {
    QUALM_TRY(diagnosis.remedies, prescribe(patient, diagnosis.checks));
  }
  QUALM_TRY(const Side side, overall(patient));
  conclude(patient, side, remark, diagnosis);
  return diagnosis;
}

}  // namespace qualm::diagnose
