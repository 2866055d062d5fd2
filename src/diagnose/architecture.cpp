// Check 3: does the scheme suit the architecture?
//
// A class of tensors that was given clearly fewer bits than the rest is put back to what the
// baseline holds, alone, and what goes away is its part of the damage. It is to blame where its
// weights lose several times what the rest's lose, weight for weight. Where the candidate passes
// the lines once that class is put right, the tier of the rest is cleared (tier.cpp asks the same
// study). A standard mix that is too low everywhere has no such class: that is check 1.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/check.h"
#include "diagnose/class_study.h"
#include "diagnose/lines.h"
#include "diagnose/override.h"
#include "diagnose/words.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr double kCoarse = 3.0;  // times the rest's error of rounding; chosen: docs/diagnosis.md

std::string percent(double fraction) { return fmt::format("{:.0f} %", 100 * fraction); }

/// "mixture of 4 experts, embedding tied to the output, 5.8 M weights"
std::string kind_in_words(const model::Checkpoint& model) {
  std::string text = model.architecture();
  if (const auto experts = model.arch_integer("expert_count"); experts.value_or(0) > 0)
    text += fmt::format(", mixture of {} experts", *experts);
  for (const model::Tensor& tensor : model.tensors)
    if (model::tensor_class(tensor.name) == model::TensorClass::ssm) {
      text += ", state-space layers";
      break;
    }
  if (model.tied_embeddings()) text += ", embedding tied to the output";
  return text + fmt::format(", {:.3g} M weights", static_cast<double>(model.parameters()) / 1e6);
}

Evidence evidence_of(const ClassFinding& finding) {
  const ClassGroup& group = finding.group;
  const std::string gain =
      finding.gain ? numeric::format_estimate(*finding.gain, {.percent = true}) : "not measured";
  return {"restored_" + group.id, finding.gain, "fraction",
          fmt::format("{} ({:.2f} bits per weight, {} of the weights): put right it takes away {} "
                      "of the loss and costs {}",
                      group.title, group.bits(), percent(group.share), gain,
                      numeric::format_bytes(group.baseline_bytes - group.bytes))};
}

std::string crushed_in_words(const ClassGroup& group) {
  std::string text = fmt::format("{} at {:.2f} bits per weight", group.title, group.bits());
  if (group.rest_bits > 0) text += fmt::format(", the layers at {:.2f}", group.rest_bits);
  return text + fmt::format("; {} of the weights", percent(group.share));
}

/// Relative errors of rounding, a over b. Absent where either is not known.
std::optional<double> coarser(const compare::Rounding& a, const compare::Rounding& b) {
  const auto x = a.relative_error();
  const auto y = b.relative_error();
  if (!x || !y || *y == 0) return std::nullopt;
  return *x / *y;
}

/// Without a baseline: a class of clearly fewer bits is suspected where the steps in the file say
/// that it was rounded much more coarsely than the rest. What that costs, nobody can say from the
/// file.
CheckResult from_the_file(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  result.headline = kind_in_words(*given.candidate);
  double most = kCoarse;
  for (const ClassGroup& group : class_groups(*given.candidate, nullptr)) {
    compare::Rounding own;
    compare::Rounding rest;
    for (const auto& [of, rounding] : patient.rounding())
      (std::ranges::find(group.classes, of) != group.classes.end() ? own : rest).add(rounding);
    result.evidence.push_back(
        rounding_evidence("estimated_error_" + group.id, own,
                          fmt::format("{} ({:.2f} bits per weight, {} of the weights)", group.title,
                                      group.bits(), percent(group.share))));
    const auto ratio = coarser(own, rest);
    if (!group.crushed || !ratio || *ratio <= most) continue;
    most = *ratio;
    result.status = Status::cannot_tell;
    result.headline = fmt::format("suspected: {}, rounded {:.1f} times as coarsely as the rest",
                                  crushed_in_words(group), *ratio);
  }
  result.needs.push_back(given.baseline ? given.not_comparable
                                        : "the model it was made from (--baseline)");
  return result;
}

}  // namespace

Result<CheckResult> examine_architecture(Case& patient) {
  if (!patient.paired()) return from_the_file(patient);
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* weights, patient.measured(patient.tier_only()));
  CheckResult result;
  result.evidence.push_back(fact("architecture", kind_in_words(*patient.patient().candidate)));
  switch (harm(*weights, *floor)) {
    case Side::below:
      result.status = Status::cleared;
      result.headline = "the weights lose no more than they may: nothing to explain";
      return result;
    case Side::not_separated:
      result.status = Status::cannot_tell;
      result.headline = "the loss of the weights is not certain";
      result.needs.push_back("more text (-f)");
      return result;
    case Side::above:
      break;
  }
  QUALM_TRY(const ClassStudy study, study_classes(patient));
  for (const ClassFinding& finding : study.classes) result.evidence.push_back(evidence_of(finding));
  if (const ClassFinding* culprit = study.culprit()) {
    result.status = Status::cause;
    result.headline = crushed_in_words(culprit->group);
  } else {
    result.status = Status::cleared;
    result.headline = study.classes.empty()
                          ? "no class of tensors has clearly fewer bits than the rest"
                          : "no class stands out: the bits are spread as the damage is";
  }
  return result;
}

Result<std::optional<Fix>> prescribe_architecture(Case& patient) {
  QUALM_TRY(const ClassStudy study, study_classes(patient));
  // Where the rest fails as well, the whole model is made anew in a higher tier.
  if (!study.culprit() || study.culprit()->after == Side::above) return std::nullopt;
  const ClassGroup& group = study.culprit()->group;
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  const auto choices = overrides_for(*patient.patient().candidate, group);
  std::vector<Variant> variants;
  for (const Weights& weights : choices) variants.push_back({weights, "f16", "f16"});
  QUALM_TRY(const auto measured, patient.measured_on(patient.screened(), variants));
  std::size_t chosen = 0;
  while (chosen + 1 < choices.size() && harm(*measured[chosen], *floor) != Side::below) ++chosen;
  Fix fix;
  fix.weights = choices[chosen];
  QUALM_TRY(const std::int64_t now, patient.lab()->model_bytes({}));
  QUALM_TRY(const std::int64_t then, patient.lab()->model_bytes(*fix.weights));
  fix.command =
      gguf_baseline(patient.patient()).make + quantize_command(patient.patient(), *fix.weights);
  fix.effect = fmt::format("{} put right: weights from {} to {}", group.title,
                           numeric::format_bytes(now), numeric::format_bytes(then));
  fix.bytes = then;
  return fix;
}

}  // namespace qualm::diagnose
