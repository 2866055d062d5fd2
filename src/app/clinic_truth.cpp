#include "app/clinic_truth.h"

#include <algorithm>

#include "diagnose/check.h"
#include "diagnose/class_study.h"

namespace qualm::app {
namespace {

using diagnose::CheckResult;
using diagnose::Side;
using diagnose::Status;

constexpr std::int32_t kTruthWindows = 24;

bool named(const CheckResult& check) {
  return check.status == Status::cause || check.status == Status::contributes;
}

const CheckResult* find(const diagnose::Diagnosis& found, const std::string& id) {
  const auto it = std::ranges::find(found.checks, id, &CheckResult::id);
  return it == found.checks.end() ? nullptr : &*it;
}

/// After those of the diagnosis and its proofs, before those that calibration may have used.
diagnose::WindowRange unread(diagnose::Case& examined) {
  const std::int32_t total = examined.lab()->windows_total();
  const std::int32_t begin = examined.fresh().end;
  const std::int32_t end = total - diagnose::calibration_windows(total);
  return {begin, std::min(end, begin + kTruthWindows)};
}

Result<std::optional<diagnose::Shares>> true_shares(diagnose::Case& examined, diagnose::Case& other,
                                                    const diagnose::Diagnosis& found) {
  const CheckResult* architecture = find(found, "architecture");
  std::optional<diagnose::ClassGroup> crushed;
  if (architecture && named(*architecture)) {
    QUALM_TRY(const auto study, diagnose::study_classes(examined));
    if (study.culprit()) crushed = study.culprit()->group;
  }
  if (!crushed && !other.cache_quantized()) return std::nullopt;
  QUALM_TRY(const auto all, diagnose::attribute(other, crushed ? &*crushed : nullptr));
  return all ? std::optional(all->kld) : std::nullopt;
}

std::string in_words(Side side) {
  return side == Side::above ? "above" : side == Side::below ? "below" : "not_separated";
}

/// Whether what was put in makes a difference that matters, on the windows of the truth.
Side matters(const ClinicPatient& patient, const ClinicTruth& truth) {
  if (patient.cause == "not_quant" || patient.cause == "provenance") return Side::above;
  if (patient.cause != "kv_cache" || !truth.cache) return truth.harm;
  if (*truth.cache == Status::cause) return Side::above;
  return *truth.cache == Status::cleared ? Side::below : Side::not_separated;
}

std::vector<std::string> right_answers(const ClinicPatient& patient, const ClinicTruth& truth) {
  std::vector<std::string> answers = patient.or_as;
  if (patient.cause.empty()) {
    answers.insert(answers.begin(), "healthy");
    if (truth.harm == Side::not_separated) answers.emplace_back("cannot_tell");
    return answers;
  }
  const Side side = matters(patient, truth);
  if (side == Side::below) return {"healthy"};
  answers.insert(answers.begin(), patient.cause);
  if (side == Side::not_separated)
    for (const char* answer : {"healthy", "cannot_tell"}) answers.emplace_back(answer);
  return answers;
}

/// A second cause is missed where it matters by itself.
bool missed(const ClinicPatient& patient, const ClinicTruth& truth,
            const diagnose::Diagnosis& found) {
  if (patient.also.empty()) return false;
  if (patient.also == "kv_cache" && truth.cache != Status::cause) return false;
  const CheckResult* check = find(found, patient.also);
  return !check || !named(*check);
}

void add_share(const char* id, const std::optional<numeric::Estimate>& truth,
               const diagnose::Diagnosis& found, report::ClinicPatient& result) {
  const CheckResult* check = find(found, id);
  if (!truth || !check || !check->share) return;
  const bool meet = check->share->low <= truth->high && truth->low <= check->share->high;
  result.shares.push_back({id, *check->share, *truth, meet});
}

}  // namespace

Result<ClinicTruth> measure_truth(diagnose::Case& examined, const diagnose::Diagnosis& found) {
  ClinicTruth truth;
  if (!examined.paired()) return truth;
  const auto windows = unread(examined);
  if (windows.count() < 2) return truth;
  truth.windows = windows.count();
  diagnose::Case other(examined.patient(), examined.lab());
  other.explore(windows);
  QUALM_TRY(const auto* floor, other.measured(diagnose::Case::rung(diagnose::kFloorMix)));
  QUALM_TRY(const auto* as_run, other.measured(other.as_run()));
  truth.harm = diagnose::harm(*as_run, *floor);
  if (other.cache_quantized()) {
    QUALM_TRY(const auto cache, diagnose::examine_kv_cache(other));
    truth.cache = cache.status;
  }
  QUALM_TRY(truth.shares, true_shares(examined, other, found));
  return truth;
}

report::ClinicPatient judge(const ClinicPatient& patient, const ClinicTruth& truth,
                            const diagnose::Diagnosis& found) {
  report::ClinicPatient result;
  result.name = patient.name;
  result.made = made_so(patient);
  result.made_cause = patient.cause;
  result.made_also = patient.also;
  result.why = patient.why;
  result.right_answers = right_answers(patient, truth);
  const Side harm = patient.cause == "kv_cache" ? matters(patient, truth) : truth.harm;
  result.harm = truth.windows > 0 ? in_words(harm) : "";
  result.truth_windows = truth.windows;
  result.found = found.principal_cause.empty() ? found.verdict : found.principal_cause;
  result.summary = found.summary;
  if (missed(patient, truth, found)) result.missed.push_back(patient.also);
  for (const CheckResult& check : found.checks)
    if (named(check) && check.id != patient.cause && check.id != patient.also &&
        std::ranges::find(patient.or_as, check.id) == patient.or_as.end())
      result.false_alarms.push_back(check.id);
  result.right =
      std::ranges::find(result.right_answers, result.found) != result.right_answers.end() &&
      result.missed.empty() && result.false_alarms.empty();
  if (truth.shares) {
    const bool origin = result.found == "provenance";
    add_share(origin ? "provenance" : "tier", truth.shares->tier, found, result);
    add_share("kv_cache", truth.shares->kv_cache, found, result);
    add_share("architecture", truth.shares->architecture, found, result);
  }
  return result;
}

}  // namespace qualm::app
