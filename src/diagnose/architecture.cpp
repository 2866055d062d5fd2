// Check 3: does the scheme suit the architecture?
//
// A class of tensors that was given clearly fewer bits than the rest is restored from the original,
// alone, and what goes away is its part of the loss. It is to blame where its weights lose several
// times what the rest's lose, weight for weight. Where the candidate is within limits when that
// class is restored, the type of the rest is cleared (quant_type.cpp asks the same study). A
// standard type that is too low everywhere has no such class: that is check 1.
#include <fmt/format.h>

#include <algorithm>

#include "diagnose/checks.h"
#include "diagnose/class_study.h"
#include "diagnose/facts.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/other_model.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"
#include "model/activations.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

std::string whole_percent(double fraction) { return fmt::format("{:.0f} %", 100 * fraction); }

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
          fmt::format("{} ({:.2f} bits per weight, {} of the weights): restoring it removes {} of "
                      "the loss and adds {} to the file",
                      group.title, group.bits(), whole_percent(group.share), gain,
                      format_bytes(group.baseline_bytes - group.bytes))};
}

std::string crushed_in_words(const ClassGroup& group) {
  std::string text =
      fmt::format("too few bits in {}: {:.2f} per weight", group.title, group.bits());
  if (group.rest_bits > 0) text += fmt::format(", the layers have {:.2f}", group.rest_bits);
  return text;
}

/// Without the original's weights: what the file says of its classes. What a coarse class costs,
/// nobody can say from the file.
Finding from_the_file(const Facts& facts) {
  const Given& given = facts.given;
  Finding result{.headline = kind_in_words(*given.candidate)};
  for (const ClassGroup& group : class_groups(*given.candidate, nullptr))
    result.evidence.push_back(quantization_error_evidence(
        "estimated_error_" + group.id, errors_of(facts, group).own,
        fmt::format("{} ({:.2f} bits per weight, {} of the weights)", group.title, group.bits(),
                    whole_percent(group.share))));
  if (const auto suspected = suspected_class(facts)) {
    result.status = Status::cannot_tell;
    result.headline = fmt::format("suspected: {}; rounded {:.1f} times as coarsely as the rest",
                                  crushed_in_words(suspected->group), suspected->times);
  }
  result.needs.push_back(given.baseline ? facts.files.not_comparable
                                        : "the original model (--baseline)");
  return result;
}

/// "Q8_0 with token_embd.weight as q6_K"
std::string name_of(const Weights& weights) {
  std::string text = weights.mix;
  for (const auto& [pattern, type] : weights.overrides)
    text += fmt::format("{} {} as {}", text == weights.mix ? " with" : " and", pattern, type);
  return text;
}

/// The class to blame, if there is one.
Known<Finding> judge_classes(const Facts& facts, Finding result) {
  QUALM_TRY(const ClassStudy study, study_classes(facts));
  for (const ClassFinding& finding : study.classes) result.evidence.push_back(evidence_of(finding));
  const ClassFinding* culprit = study.culprit();
  if (!culprit) {
    result.status = Status::cleared;
    result.headline = study.classes.empty()
                          ? "no part of the model has far fewer bits than the other layers"
                          : "no part of the model loses far more per weight than the others";
    return result;
  }
  result.status = Status::cause;
  result.headline = crushed_in_words(culprit->group);
  result.tensors = culprit->group.patterns;
  QUALM_TRY(const bool other_model, of_another_model(facts));
  if (other_model) not_attributable(result);
  return result;
}

/// On the windows of the first look, if they decide.
Known<Side> side_of_choice(const Facts& facts, const Weights& weights) {
  const Variant variant = experiment::with_f16_cache(weights);
  QUALM_TRY(const auto* floor, facts.measured(Facts::as_type(kFloorType)));
  const auto ask = [&](WindowRange windows) -> Known<Side> {
    QUALM_TRY(const auto measured, facts.measured(windows, std::span(&variant, 1)));
    return harm(facts.given, *measured.front(), *floor);
  };
  return looked_at(facts, ask, [](Side side) { return side != Side::not_separated; });
}

}  // namespace

Known<Finding> check_architecture(const Facts& facts) {
  const bool estimable = facts.swaps() || facts.estimates_beside_pack();
  if (!estimable) return from_the_file(facts);
  if (!model::rotation_key(*facts.given.candidate).empty()) {
    Finding rotated;
    rotated.headline = "the weights are stored rotated: no tensor of the original fits in between";
    return rotated;
  }
  QUALM_TRY(const WeightsLoss found, weights_loss(facts));
  Finding result;
  result.evidence.push_back(fact("architecture", kind_in_words(*facts.given.candidate)));
  switch (found.loss.line) {
    case Side::below:
      result.status = Status::cleared;
      result.headline = "the loss of the weights is within limits";
      return result;
    case Side::not_separated:
      result.status = Status::cannot_tell;
      result.headline = "the loss of the weights is not certain";
      result.needs.push_back(to_decide(facts));
      return result;
    case Side::above:
      break;
  }
  if (!facts.swaps() && !explained_by_bits(found)) return from_the_file(facts);
  result.estimated = !facts.has_original();
  return judge_classes(facts, std::move(result));
}

Known<std::optional<Fix>> fix_architecture(const Facts& facts) {
  QUALM_TRY(const ClassStudy study, study_classes(facts));
  // Where the rest fails as well, the whole model is made anew in a larger type.
  if (!study.culprit() || study.culprit()->after == Side::above) return std::nullopt;
  const ClassGroup& group = study.culprit()->group;
  if (!facts.has_original())  // nothing can be made of it, and what others made is not known
    return Fix{.name = fmt::format("a quant with more bits in {}", group.title),
               .effect = fmt::format("download one of this model in which {} has Q6_K or more",
                                     group.title)};
  const auto choices = overrides_for(*facts.given.candidate, group);
  std::size_t chosen = 0;
  for (; chosen + 1 < choices.size(); ++chosen) {
    QUALM_TRY(const Side side, side_of_choice(facts, choices[chosen]));
    if (side == Side::below) break;
  }
  Fix fix{.name = name_of(choices[chosen]), .weights = choices[chosen]};
  QUALM_TRY(const std::int64_t now, facts.model_bytes({}));
  QUALM_TRY(const std::int64_t then, facts.model_bytes(*fix.weights));
  fix.command = gguf_original(facts.given).make + quantize_command(facts.given, *fix.weights);
  fix.effect = fmt::format("weights from {} to {}", format_bytes(now), format_bytes(then));
  fix.bytes = then;
  return fix;
}

}  // namespace qualm::diagnose
