// Check 5: is it a quant of another model?
//
// The weights themselves tell, without a run: weights/origin.h. With the suspected base model
// alpha says how much of the original's fine-tuning is in them; without it, norms that were kept
// and the size of what rounding leaves say whether they can be the original's at all. Where both
// models run, the candidate is also read against each.
#include "weights/origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <iterator>

#include "diagnose/checks.h"
#include "diagnose/facts.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/other_model.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_in_words.h"
#include "diagnose/weights_loss.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::MetricId;
using weights::Provenance;

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
  return {name, numeric::Estimate{*value, *value, *value}, unit,
          fmt::format("{}: {}", says, format_value(*value, {.percent = unit == "fraction"}))};
}

std::vector<Evidence> evidence_of(const Provenance& found, bool base_given) {
  std::vector<Evidence> evidence;
  if (base_given) {
    evidence.push_back(figure(
        "alpha", found.alpha, "1",
        fmt::format("Share of the original's fine-tuning in {} matrices", found.alpha_tensors)));
    evidence.push_back(exact("chi2_per_df", found.chi2_per_df, "1",
                             "Spread of alpha between matrices over what their errors explain"));
    evidence.push_back(
        exact("delta", found.delta, "fraction", "Original and base model differ (rms, relative)"));
    evidence.push_back(exact("smallest_delta", found.smallest_delta, "fraction",
                             "The smallest difference that these weights can show"));
    evidence.push_back(figure("within_half_step_of_base", found.within_base, "fraction",
                              "Weights within half a step of the base model's"));
  }
  evidence.push_back(figure("within_half_step_of_baseline", found.within_fine_tune, "fraction",
                            "Weights within half a step of the original's"));
  evidence.push_back(exact("residual_over_step", found.residual_over_step, "1",
                           "Unexplained error, as a multiple of what rounding alone leaves"));
  const weights::UnquantizedTensors& norms = found.unquantized;
  evidence.push_back(fact(
      "norms",
      base_given
          ? fmt::format("Norms: {} equal to the original's alone, {} to the base "
                        "model's alone, {} to both, {} between, {} to neither",
                        norms.fine_tune, norms.base, norms.same, norms.between, norms.neither)
          : fmt::format("Norms: {} equal to the original's, {} not", norms.same, norms.neither)));
  return evidence;
}

/// The candidate against both models on the first windows: whose answers are closer. It confirms
/// what the weights say and decides nothing, since a candidate that lost much to its bits may be
/// far from both.
Known<void> compare_with_both(const Facts& facts, std::vector<Evidence>& evidence) {
  const Given& given = facts.given;
  const std::string apart = vocabulary_mismatch(*given.candidate, *given.base_model);
  if (!apart.empty()) {
    evidence.push_back(fact("nearer_to", "The base model cannot be run beside it: " + apart));
    return {};
  }
  const std::array own{Facts::weights_only()};
  QUALM_TRY(const WindowRange windows, first_look(facts));
  QUALM_TRY(const auto to_tuned, facts.measured(windows, own));
  QUALM_TRY(const auto to_base, facts.measured(windows, Facts::base_model(), own));
  if (!to_base.front()->unavailable.empty()) {
    evidence.push_back(
        fact("nearer_to", "The base model could not be run: " + to_base.front()->unavailable));
    return {};
  }
  evidence.push_back(metric_evidence("kld_to_baseline", *to_tuned.front(), MetricId::kld_mean,
                                     "KLD of its weights against the original"));
  evidence.push_back(metric_evidence("kld_to_base_model", *to_base.front(), MetricId::kld_mean,
                                     "The same against the base model"));
  const auto further =
      evaluate::kld_difference(*to_base.front(), 1.0, *to_tuned.front(), kCheckConfidence);
  const char* says = "Its answers are not closer to one than to the other";
  if (further && further->low > 0) says = "Its answers are closer to the original's";
  if (further && further->high < 0) says = "Its answers are closer to the base model's";
  evidence.push_back(figure("nearer_to", further, "nat/token",
                            fmt::format("{}; difference of the two KLDs", says)));
  return {};
}

/// What the candidate alone tells: was it made from what was quantized before? What that lost, no
/// estimate shows.
void add_earlier_quant(const Facts& facts, Finding& result) {
  const auto named = model::named_quantizer(*facts.given.candidate);
  if (named) result.evidence.push_back(fact("named_quantizer", *named));
  if (facts.given.baseline) return;
  if (facts.read_weights.on_coarser_grid) {
    result.status = Status::cannot_tell;
    result.headline =
        "the weights were on a coarser grid before: a quant of a quant, or a model that was "
        "trained so";
  } else if (named) {
    result.status = Status::cannot_tell;
    result.headline = *named;
  }
}

}  // namespace

Known<Finding> check_provenance(const Facts& facts) {
  Finding result;
  add_earlier_quant(facts, result);
  if (facts.given.baseline && !facts.read_weights.origin) {
    result.headline = "the weights are stored rotated: they cannot be compared one by one";
    return result;
  }
  if (facts.given.pack && facts.paired()) {
    QUALM_TRY(const WeightsLoss found, weights_loss(facts));
    const bool over_steps = found.over_steps && found.over_steps->low > kMostExcess;
    if (over_steps || (found.loss.excessive == Side::above && !as_its_steps(found))) {
      result.status = Status::cannot_tell;
      result.headline =
          "it loses more than its type should: perhaps another model's weights, a quant of a "
          "quant, or a poor calibration";
    }
  }
  if (!facts.given.baseline) {
    result.needs.emplace_back(
        "the original model (--baseline), and the base model that it was fine-tuned from "
        "(--base-model)");
    return result;
  }
  const Provenance& found = *facts.read_weights.origin;
  const bool base_given = facts.given.base_model != nullptr;
  result.status = status_of(facts);
  result.headline = found.differing && result.status == Status::cannot_tell
                        ? "the weights are damaged (check 0): whose they are is not known"
                        : whose_in_words(found);
  std::ranges::move(evidence_of(found, base_given), std::back_inserter(result.evidence));
  const auto asked = of_another_model(facts);
  result.left_out = left_out(asked);
  QUALM_TRY(const bool other_model, result.left_out ? Known<bool>(false) : asked);
  if (other_model && result.status == Status::cannot_tell) {
    result.status = Status::cause;
    result.headline = "perhaps a quant of a quant, or of another model; " + in_words(found);
  }
  if (base_given && facts.paired()) {
    const auto compared = compare_with_both(facts, result.evidence);
    if (left_out(compared)) result.evidence.push_back(fact("nearer_to", kLeftOut));
    if (!left_out(compared)) QUALM_CHECK(compared);
  }
  if (result.status == Status::cannot_tell && !base_given)
    result.needs.emplace_back("the base model that it may have been made from (--base-model)");
  return result;
}

}  // namespace qualm::diagnose
