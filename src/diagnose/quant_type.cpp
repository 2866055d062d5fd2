// Check 1: do the weights hold too few bits?
//
// The candidate's weights run with an F16 cache, so that nothing but the weights differs from the
// original. They are to blame where they lose more than is acceptable and a standard type above
// them, made here from the original and read on the same windows, gets it back; unless one class of
// tensors was given fewer bits than the rest and they are within limits when it is restored: that
// is check 3.
#include <fmt/format.h>

#include <array>

#include "diagnose/calibration_study.h"
#include "diagnose/checks.h"
#include "diagnose/class_study.h"
#include "diagnose/facts.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/other_model.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"
#include "evaluate/summary.h"
#include "numeric/format.h"
#include "weights/surrogate.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

std::vector<Evidence> bits_evidence(const model::Checkpoint& candidate) {
  const double bits = candidate.bits_per_weight();
  return {{"bits_per_weight", numeric::Estimate{bits, bits, bits}, "bit",
           fmt::format("{:.2f} bits per weight, {} the usual minimum of {:.1f}", bits,
                       bits < kFloorBits ? "below" : "not below", kFloorBits)}};
}

Finding not_examined(const Facts& facts) {
  Finding finding{.evidence = bits_evidence(*facts.given.candidate)};
  weights::QuantizationError all;
  for (const auto& [_, error] : facts.read_weights.quantization_error) all.add(error);
  finding.evidence.push_back(quantization_error_evidence("estimated_error", all, "All matrices"));
  const double bits = facts.given.candidate->bits_per_weight();
  finding.headline =
      fmt::format("{:.2f} bits per weight{}", bits,
                  bits < kFloorBits ? ", below the usual minimum: a loss is likely" : "");
  finding.needs.push_back(facts.given.baseline ? facts.files.not_comparable
                                               : "the original model (--baseline)");
  return finding;
}

/// "; small, 2.1 [1.9, 2.3] times what its types should cost"
std::string answers_in_words(const Loss& loss) {
  std::string text;
  if (loss.grades) text += "; grade: " + in_words(*loss.grades);
  if (loss.excessive == Side::above && loss.excess)
    text += fmt::format(", {} times what its types should cost",
                        numeric::format_estimate(*loss.excess));
  return text;
}

void add_excess(const WeightsLoss& found, std::vector<Evidence>& evidence) {
  if (found.over_steps)
    evidence.push_back({"excess_over_steps", found.over_steps, "1",
                        fmt::format("The KLD is {} times what rounding to the steps in the file "
                                    "usually costs (estimated)",
                                    numeric::format_estimate(*found.over_steps))});
  const Loss& loss = found.loss;
  if (!loss.excess) return;
  const bool exactly = loss.excess->low == 1 && loss.excess->high == 1;
  evidence.push_back(
      {"excess_over_type", loss.excess, "1",
       exactly
           ? "Equal to round-to-nearest of the original, bit for bit: its loss is the normal loss "
             "of its types"
           : fmt::format("KLD over that of round-to-nearest of the original in the same types: "
                         "{} times",
                         numeric::format_estimate(*loss.excess))});
}

void add_measured(const WeightsLoss& found, Finding& finding) {
  const Measurement& weights = *found.judged;
  const std::string own = found.decoded() ? "Candidate's weights as floats, F16 cache"
                                          : "Candidate's weights, F16 cache";
  for (const auto& [id, says] : {std::pair{MetricId::ppl_change, own},
                                 {MetricId::kld_mean, own},
                                 {MetricId::same_top, "Same most likely token as the original"}}) {
    if (id == MetricId::ppl_change && weights.truth_over_estimate) continue;  // never known
    finding.evidence.push_back(
        metric_evidence(std::string(evaluate::row_of(id).name), weights, id, says));
  }
  const bool is_floor = found.floor == found.as_run;  // Facts::stand_in
  finding.evidence.push_back(
      metric_evidence("floor_kld_mean", *found.floor, MetricId::kld_mean,
                      fmt::format("KLD of {} {}, {} of the same windows", kFloorType,
                                  is_floor ? "(this file is one)" : "made from the original",
                                  found.floor->windows.size())));
  add_excess(found, finding.evidence);
  finding.headline = loss_in_words(weights) + answers_in_words(found.loss);
  if (is_floor)
    finding.headline +=
        fmt::format("; this file is a {}, the type that sets the limit", kFloorType);
  finding.loss = found.loss;
}

/// An estimate is as good as the trials that its range comes from.
void add_trials(const model::Checkpoint& candidate, Finding& finding) {
  if (const std::string missing = weights::not_in_trials(candidate); !missing.empty())
    finding.needs.push_back(
        "the original model (--baseline): the trials of such estimates had few or no " + missing);
}

/// Where the weights are another model's, what they lose is no measure of their type: the original
/// in the candidate's own type is.
Known<Finding> judge_right_model(const Facts& facts, Finding finding) {
  const std::string type = own_type(*facts.given.candidate);
  QUALM_TRY(const auto* floor, facts.measured(Facts::as_type(kFloorType)));
  QUALM_TRY(const auto* right, facts.measured(Facts::as_type(type)));
  finding.evidence.push_back(
      metric_evidence("right_model_kld_mean", *right, MetricId::kld_mean,
                      fmt::format("KLD of {} made from the original: the type alone", type)));
  finding.headline = fmt::format("a {} made from the original: {}", type, loss_in_words(*right));
  const Side side = harm(facts.given, *right, *floor);
  finding.status = side == Side::below   ? Status::cleared
                   : side == Side::above ? Status::contributes
                                         : Status::cannot_tell;
  return finding;
}

/// Something else explains the loss, or may: a class of tensors, the calibration.
Known<bool> explained(const Facts& facts, Finding& finding) {
  QUALM_TRY(const ClassStudy classes, study_classes(facts));
  if (classes.explains()) {
    const ClassGroup& group = classes.culprit()->group;
    finding.status = Status::cleared;
    finding.headline =
        fmt::format("with {1} restored, the other weights ({0:.2f} bits) are within limits",
                    group.rest_bits, group.id);
    return true;
  }
  if (classes.culprit() && classes.culprit()->after == Side::not_separated) {
    finding.status = Status::cannot_tell;
    finding.needs.push_back(fmt::format("{}: it is not certain whether restoring {} is enough",
                                        to_decide(facts), classes.culprit()->group.id));
    return true;
  }
  if (!facts.has_original()) return false;
  QUALM_TRY(const CalibrationStudy calibration, study_calibration(facts));
  if (!calibration.explains()) return false;
  finding.status = Status::cleared;
  finding.headline =
      fmt::format("{:.2f} bits per weight are within limits when {}",
                  facts.given.candidate->bits_per_weight(), calibration.better()->says);
  return true;
}

/// Does a type above get it back? Only then is it the type, and not something that more bits leave
/// as it is.
Known<Finding> judge_bits(const Facts& facts, const Measurement& weights, Finding finding) {
  for (const char* type : kRemedyTypes) {
    QUALM_TRY(const auto* larger, type_as_needed(facts, type, [&](const Measurement* measured) {
                return kld_against(weights, 1.0, *measured, kFirstLookConfidence) == Side::above;
              }));
    const auto recovered = evaluate::kld_difference(weights, 1.0, *larger, kCheckConfidence);
    if (!recovered || recovered->low <= 0) continue;
    finding.status = Status::cause;
    finding.evidence.push_back(
        {std::string("recovered_by_") + type, recovered, "nat/token",
         fmt::format("With {} made from the original, the KLD is lower by {}{}", type,
                     numeric::format_estimate(*recovered),
                     facts.estimated() ? " (estimated)" : "")});
    return finding;
  }
  finding.status = Status::cannot_tell;
  finding.headline += "; no larger standard type loses less";
  return finding;
}

/// With a pack: the loss is known, and what larger types lose. What its types should lose is known
/// where the pack has them, else estimated; likewise what a class of tensors loses. Whether the
/// calibration or another model is behind it, only the original's weights can say.
Known<Finding> judge_with_pack(const Facts& facts, const WeightsLoss& found, Finding finding) {
  const model::Checkpoint& candidate = *facts.given.candidate;
  if (found.over_steps) add_trials(candidate, finding);
  const bool too_much = found.loss.excessive == Side::above;
  const bool normal = explained_by_bits(found);
  bool suspect = suspected_class(facts).has_value();
  if (normal && facts.estimates_beside_pack() && (found.over_steps || suspect)) {
    finding.estimated = true;
    QUALM_TRY(const bool done, explained(facts, finding));
    if (done) return finding;
    suspect = false;
  }
  if (too_much) {
    finding.status = Status::cleared;
    finding.headline += fmt::format("; a {} made from the original loses less: its bits suffice",
                                    own_type(candidate));
    return finding;
  }
  // So much is lost by no type for want of bits alone, as a rule.
  const bool plausible = found.loss.kld && found.loss.kld->value < kGradesFrom.back();
  const bool low = candidate.bits_per_weight() < kFloorBits && plausible && !found.over_steps;
  if ((normal || low) && !suspect) return judge_bits(facts, *found.as_run, std::move(finding));
  finding.status = Status::cannot_tell;
  finding.needs.emplace_back(
      "the original model (--baseline), to tell the type from a class of tensors, the calibration "
      "or another model");
  return finding;
}

}  // namespace

Known<Finding> check_type(const Facts& facts) {
  if (!facts.paired()) return not_examined(facts);
  QUALM_TRY(const WeightsLoss found, weights_loss(facts));
  Finding finding{.evidence = bits_evidence(*facts.given.candidate)};
  add_measured(found, finding);
  if (facts.estimated()) add_trials(*facts.given.candidate, finding);
  const bool excessive = found.loss.excessive == Side::above;
  if (found.loss.line == Side::below && !excessive) {
    finding.status = Status::cleared;
    return finding;
  }
  if (!facts.swaps() && (found.loss.line == Side::above || excessive))
    return judge_with_pack(facts, found, std::move(finding));
  QUALM_TRY(const bool other_model, of_another_model(facts));
  if (other_model) return judge_right_model(facts, std::move(finding));
  if (found.loss.line == Side::not_separated && !excessive) {
    finding.status = Status::cannot_tell;
    finding.needs.push_back(to_decide(facts) +
                            ": the loss is not certainly above or below the threshold");
    return finding;
  }
  QUALM_TRY(const bool done, explained(facts, finding));
  if (done) return finding;
  if (found.loss.line == Side::above) return judge_bits(facts, *found.as_run, std::move(finding));
  // More bits are no answer to weights that lose more than their own bits make them.
  finding.status = found.loss.line == Side::below ? Status::cleared : Status::cannot_tell;
  return finding;
}

Known<std::optional<Fix>> fix_type(const Facts& facts) {
  QUALM_TRY(const auto* weights, facts.measured(Facts::weights_only()));
  QUALM_TRY(const auto* floor, floor_for(facts, *weights));
  const char* chosen = nullptr;
  for (const char* type : kRemedyTypes) {
    QUALM_TRY(const auto* larger, type_as_needed(facts, type, [&](const Measurement* measured) {
                return harm(facts.given, *measured, *floor) != Side::not_separated;
              }));
    const auto better = evaluate::kld_difference(*weights, 1.0, *larger, kCheckConfidence);
    if (!better || better->low <= 0) continue;
    chosen = type;
    if (harm(facts.given, *larger, *floor) == Side::below) break;
  }
  if (!chosen) return std::nullopt;
  Fix fix{.name = chosen, .weights = experiment::requantized(chosen)};
  QUALM_TRY(const std::int64_t now, facts.model_bytes({}));
  QUALM_TRY(const std::int64_t then, facts.model_bytes(*fix.weights));
  fix.effect = fmt::format("weights from {} to {}", format_bytes(now), format_bytes(then));
  fix.bytes = then;
  if (facts.given.baseline)
    fix.command = gguf_original(facts.given).make + quantize_command(facts.given, *fix.weights);
  else if (facts.given.pack)
    fix.effect +=
        fmt::format("; download the {} of this model, or make it from {} where you have it", chosen,
                    facts.given.pack->original);
  else
    fix.effect += fmt::format(
        "; download the {} where you got this file, do not make it from this file", chosen);
  return fix;
}

}  // namespace qualm::diagnose
