// Check 5: is it a quant of another model?
//
// The weights themselves tell, without a run: compare/provenance.h. With the suspected base model
// alpha says how much of the baseline's fine-tuning is in them; without it, norms that were kept
// and the size of what rounding leaves say whether they can be the baseline's at all. Where both
// models run, the candidate is also read against each.
#include "compare/provenance.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/check.h"
#include "diagnose/lines.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/words.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using compare::Origin;
using compare::Provenance;

Evidence figure(const char* name, const std::optional<numeric::Estimate>& value,
                const std::string& unit, const std::string& says) {
  if (!value) return {name, std::nullopt, unit, says + ": not known"};
  return {name, value, unit,
          fmt::format("{}: {}", says,
                      numeric::format_estimate(*value, {.percent = unit == "fraction"}))};
}

Evidence exact(const char* name, const std::optional<double>& value, const std::string& unit,
               const std::string& says) {
  if (!value) return {name, std::nullopt, unit, says + ": not known"};
  return {
      name, numeric::Estimate{*value, *value, *value}, unit,
      fmt::format("{}: {}", says, numeric::format_value(*value, {.percent = unit == "fraction"}))};
}

std::vector<Evidence> evidence_of(const Provenance& found, bool base_given) {
  std::vector<Evidence> evidence;
  if (base_given) {
    evidence.push_back(
        figure("alpha", found.alpha, "1",
               fmt::format("Share of the baseline's tuning in {} matrices", found.alpha_tensors)));
    evidence.push_back(exact("chi2_per_df", found.chi2_per_df, "1",
                             "Spread of alpha between matrices over what their errors explain"));
    evidence.push_back(
        exact("delta", found.delta, "fraction", "Baseline and base model differ (rms, relative)"));
    evidence.push_back(exact("smallest_delta", found.smallest_delta, "fraction",
                             "The smallest difference these weights would tell"));
    evidence.push_back(figure("within_half_step_of_base", found.within_base, "fraction",
                              "Weights within half a step of the base model's"));
  }
  evidence.push_back(figure("within_half_step_of_baseline", found.within_fine_tune, "fraction",
                            "Weights within half a step of the baseline's"));
  evidence.push_back(exact("residual_over_step", found.residual_over_step, "1",
                           "Unexplained error over what rounding leaves"));
  const compare::Kept& kept = found.kept;
  evidence.push_back(fact(
      "norms",
      base_given
          ? fmt::format("Norms: {} equal to the baseline's alone, {} to the base "
                        "model's alone, {} to both, {} between, {} to neither",
                        kept.fine_tune, kept.base, kept.same, kept.between, kept.neither)
          : fmt::format("Norms: {} equal to the baseline's, {} not", kept.same, kept.neither)));
  return evidence;
}

Status status_of(Origin origin) {
  switch (origin) {
    case Origin::fine_tune:
      return Status::cleared;
    case Origin::base:
    case Origin::merge:
    case Origin::neither:
      return Status::cause;
    case Origin::cannot_tell:
      break;
  }
  return Status::cannot_tell;
}

/// No scale was folded into the weights, and yet there is far more than rounding to its bits
/// leaves, or there are other norms.
bool far_from_baseline(const Provenance& found) {
  return found.folded == 0 &&
         (found.kept.neither > 0 ||
          (found.residual_over_step && *found.residual_over_step > compare::kMostOverStep));
}

Result<bool> loses_too_much(Case& patient) {
  if (!patient.paired()) return false;
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* weights, patient.measured(patient.tier_only()));
  return harm(*weights, *floor) == Side::above;
}

/// Runs the candidate against both models on the first windows: the one it answers like. It
/// confirms what the weights say and decides nothing, since a candidate that lost much to its bits
/// may be far from both.
Result<void> run_against_both(Case& patient, std::vector<Evidence>& evidence) {
  const Patient& given = patient.patient();
  const std::string apart = vocabulary_mismatch(*given.candidate, *given.base_model);
  if (!apart.empty()) {
    evidence.push_back(fact("nearer_to", "The base model cannot be run beside it: " + apart));
    return {};
  }
  const std::array own{patient.tier_only()};
  QUALM_TRY(const auto to_tuned, patient.measured_on(patient.tried(), own));
  const auto to_base = patient.measured_on(patient.tried(), Case::base_model(), own);
  if (!to_base) {
    if (to_base.error().kind == Kind::cancelled) return std::unexpected(to_base.error());
    evidence.push_back(
        fact("nearer_to", "The base model could not be run: " + to_base.error().found));
    return {};
  }
  evidence.push_back(metric_evidence("kld_to_baseline", *to_tuned.front(), "kld_mean",
                                     "kld of its weights against the baseline"));
  evidence.push_back(metric_evidence("kld_to_base_model", *to_base->front(), "kld_mean",
                                     "The same against the base model"));
  const auto further = evaluate::kld_difference(*to_base->front(), 1.0, *to_tuned.front());
  const char* says = "It answers like neither more than like the other";
  if (further && further->low > 0) says = "It answers more like the baseline than the base model";
  if (further && further->high < 0) says = "It answers more like the base model than the baseline";
  evidence.push_back(figure("nearer_to", further, "nat/token",
                            fmt::format("{}; kld that the base model is further away", says)));
  return {};
}

}  // namespace

Result<CheckResult> examine_provenance(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  if (!given.baseline) {
    result.needs.push_back(
        "the model it should be a quant of (--baseline), and the one that was "
        "tuned from (--base-model)");
    return result;
  }
  QUALM_TRY(const Provenance* const known, patient.origin());
  const Provenance& found = *known;
  const bool base_given = given.base_model != nullptr;
  result.status = status_of(found.origin);
  result.headline = found.says;
  result.evidence = evidence_of(found, base_given);
  // Weights that were broken since (check 0) are as far off, and are nobody's.
  if (result.status == Status::cannot_tell && given.damage.found.empty() &&
      far_from_baseline(found)) {
    QUALM_TRY(const bool lost, loses_too_much(patient));
    if (lost) {
      result.status = Status::cause;
      result.headline =
          "no rounding of the baseline: a quant of a quant, or of another model. " + found.says;
    }
  }
  if (base_given && patient.paired()) QUALM_CHECK(run_against_both(patient, result.evidence));
  if (result.status == Status::cannot_tell && !base_given)
    result.needs.push_back("the suspected other model (--base-model)");
  return result;
}

Result<void> judge_tier_of_right_model(Case& patient, std::span<CheckResult> checks) {
  const auto find = [&](std::string_view id) {
    const auto it = std::ranges::find(checks, id, &CheckResult::id);
    return it == checks.end() ? nullptr : &*it;
  };
  CheckResult* provenance = find("provenance");
  CheckResult* tier = find("tier");
  if (!provenance || !tier || provenance->status != Status::cause || !patient.paired()) return {};
  // What the other model's weights differ in is no loss of a class or of a calibration.
  for (const char* id : {"architecture", "calibration"}) {
    CheckResult* const check = find(id);
    if (!check || (check->status != Status::cause && check->status != Status::contributes))
      continue;
    check->status = Status::cannot_tell;
    check->share.reset();
    check->headline = "what was lost is another model's: nothing to hold it against";
    check->needs.emplace_back("a quant of the right model");
  }
  if (tier->status != Status::cause && tier->status != Status::cannot_tell) return {};
  const std::string mix = own_mix(*patient.patient().candidate);
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* right, patient.measured(Case::rung(mix)));
  tier->evidence.push_back(metric_evidence(
      "right_model_kld_mean", *right, "kld_mean",
      fmt::format("The baseline re-made as {}: the tier without the other model", mix)));
  tier->headline = fmt::format("the baseline as {}: {}", mix, loss_in_words(*right));
  switch (harm(*right, *floor)) {
    case Side::below:
      tier->status = Status::cleared;
      break;
    case Side::above:
      tier->status = Status::contributes;
      break;
    case Side::not_separated:
      tier->status = Status::cannot_tell;
      break;
  }
  return {};
}

}  // namespace qualm::diagnose
