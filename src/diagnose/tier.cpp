// Check 1: do the weights hold too few bits?
//
// The candidate's weights run with an F16 cache, so that nothing but the weights differs from the
// baseline. They are to blame where they lose more than the lines of lines.h allow and a standard
// rung above them, made here from the baseline and read on the same windows, gets it back; unless
// one class of tensors was given fewer bits than the rest and they pass once it is put right: that
// is check 3.
#include <fmt/format.h>

#include <array>

#include "diagnose/calibration_study.h"
#include "diagnose/check.h"
#include "diagnose/class_study.h"
#include "diagnose/lines.h"
#include "diagnose/override.h"
#include "diagnose/words.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr double kFloorBits = 4.0;  // the guide's floor in bits per weight

// The rungs a remedy may name, from the smallest on.
constexpr std::array kRungs{"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"};

std::vector<Evidence> static_evidence(const model::Checkpoint& candidate) {
  const double bits = candidate.bits_per_weight();
  return {{"bits_per_weight", numeric::Estimate{bits, bits, bits}, "bit",
           fmt::format("{:.2f} bits per weight, {} the guide's floor of {:.1f}", bits,
                       bits < kFloorBits ? "below" : "not below", kFloorBits)}};
}

CheckResult not_examined(Case& patient) {
  CheckResult result;
  result.evidence = static_evidence(*patient.patient().candidate);
  compare::Rounding all;
  for (const auto& [_, rounding] : patient.rounding()) all.add(rounding);
  result.evidence.push_back(rounding_evidence("estimated_error", all, "All matrices"));
  const double bits = patient.patient().candidate->bits_per_weight();
  result.headline =
      fmt::format("{:.2f} bits per weight{}", bits, bits < kFloorBits ? ", below the floor" : "");
  result.needs.push_back(patient.patient().baseline ? patient.patient().not_comparable
                                                    : "the model it was made from (--baseline)");
  return result;
}

}  // namespace

Result<CheckResult> examine_tier(Case& patient) {
  if (!patient.paired()) return not_examined(patient);
  const std::array wanted{patient.tier_only(), Case::rung(kFloorMix)};
  QUALM_CHECK(patient.prepare(Case::baseline(), wanted));
  QUALM_TRY(const auto* weights, patient.measured(wanted[0]));
  QUALM_TRY(const auto* floor, patient.measured(wanted[1]));

  CheckResult result;
  result.evidence = static_evidence(*patient.patient().candidate);
  result.evidence.push_back(
      metric_evidence("ppl_change", *weights, "ppl_change", "Its weights with an F16 cache"));
  result.evidence.push_back(
      metric_evidence("kld_mean", *weights, "kld_mean", "Its weights with an F16 cache"));
  result.evidence.push_back(
      metric_evidence("same_top", *weights, "same_top", "Same most likely token as the baseline"));
  result.evidence.push_back(
      metric_evidence("floor_kld_mean", *floor, "kld_mean",
                      fmt::format("The baseline re-made as {}, same windows", kFloorMix)));
  result.headline = loss_in_words(*weights);
  switch (harm(*weights, *floor)) {
    case Side::below:
      result.status = Status::cleared;
      return result;
    case Side::not_separated:
      result.status = Status::cannot_tell;
      result.needs.push_back("more text (-f): neither line is separated from what was measured");
      return result;
    case Side::above:
      break;
  }
  QUALM_TRY(const ClassStudy study, study_classes(patient));
  if (study.explains()) {
    const auto& group = study.culprit()->group;
    result.status = Status::cleared;
    result.headline =
        fmt::format("{:.2f} bits per weight pass once {} is put right", group.rest_bits, group.id);
    return result;
  }
  if (study.culprit() && study.culprit()->after == Side::not_separated) {
    result.status = Status::cannot_tell;
    result.needs.push_back(fmt::format("more text (-f): with {} put right it is not certain",
                                       study.culprit()->group.id));
    return result;
  }
  QUALM_TRY(const CalibrationStudy calibration, study_calibration(patient));
  if (calibration.explains()) {
    result.status = Status::cleared;
    result.headline =
        fmt::format("{:.2f} bits per weight pass if {}",
                    patient.patient().candidate->bits_per_weight(), calibration.better()->says);
    return result;
  }
  // Does a rung above get it back? Only then is it the tier, and not something that more bits leave
  // as it is.
  for (const char* mix : kRungs) {
    QUALM_TRY(const auto* rung, patient.measured(Case::rung(mix)));
    const auto recovered = evaluate::kld_difference(*weights, 1.0, *rung);
    if (!recovered || recovered->low <= 0) continue;
    result.status = Status::cause;
    result.evidence.push_back({std::string("recovered_by_") + mix, recovered, "nat/token",
                               fmt::format("{} made from the baseline takes back a kld of {}", mix,
                                           numeric::format_estimate(*recovered))});
    return result;
  }
  result.status = Status::cannot_tell;
  result.headline += "   no standard tier does better";
  return result;
}

Result<std::optional<Fix>> prescribe_tier(Case& patient) {
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* weights, patient.measured(patient.tier_only()));
  const char* chosen = nullptr;
  for (const char* mix : kRungs) {
    QUALM_TRY(const auto* rung, patient.measured(Case::rung(mix)));
    const auto better = evaluate::kld_difference(*weights, 1.0, *rung);
    if (better && better->low > 0) chosen = mix;
    if (chosen == mix && harm(*rung, *floor) == Side::below &&
        side_of(rung->metrics.at("ppl_change"), kPplLine) != Side::above)
      break;
  }
  if (!chosen) return std::nullopt;
  Fix fix;
  fix.weights = Weights{.kind = Weights::Kind::requantized, .mix = chosen, .recipe = {}};
  QUALM_TRY(const std::int64_t now, patient.lab()->model_bytes({}));
  QUALM_TRY(const std::int64_t then, patient.lab()->model_bytes(*fix.weights));
  fix.command =
      gguf_baseline(patient.patient()).make + quantize_command(patient.patient(), *fix.weights);
  fix.effect =
      fmt::format("weights from {} to {}", numeric::format_bytes(now), numeric::format_bytes(then));
  fix.bytes = then;
  return fix;
}

}  // namespace qualm::diagnose
