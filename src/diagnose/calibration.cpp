// Check 4: does the calibration serve the text?
//
// The candidate is compared with round-to-nearest of the original in the same types, on several
// domains. Where it loses more than that on the user's text, or its advantage is smaller there than
// on prose, other calibrations at the same bits are made and measured: only a loss that certainly
// goes away with one of them is the calibration's. A perplexity below the original's and below
// round-to-nearest's means that the text, or its like, was calibrated on: no pass.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "diagnose/calibration_study.h"
#include "diagnose/checks.h"
#include "diagnose/facts.h"
#include "diagnose/loss.h"
#include "diagnose/other_model.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"
#include "evaluate/summary.h"
#include "model/layer_name.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::MetricId;

constexpr std::size_t kShownGaps = 4;

std::string percent(const std::optional<numeric::Estimate>& estimate) {
  return estimate ? numeric::format_estimate(*estimate, {.percent = true, .change = true})
                  : "not measured";
}

/// The share that goes away, as a change.
std::string negated(const std::optional<numeric::Estimate>& gain) {
  return percent(gain ? std::optional(numeric::Estimate{-gain->value, -gain->high, -gain->low})
                      : std::nullopt);
}

/// What the file says of how it was made: a claim of its writer.
void add_claims(const model::Checkpoint& candidate, std::vector<Evidence>& evidence) {
  for (const model::Entry& entry : candidate.metadata.entries())
    if (entry.key.starts_with("quantize.imatrix."))
      evidence.push_back(fact(entry.key, entry.key + ": " + model::to_text(entry.value)));
}

std::string starved_in_words(const model::ImportanceEntry& entry) {
  double mean = 0;
  for (const auto count : entry.counts) mean += static_cast<double>(count);
  mean /= static_cast<double>(std::max<std::size_t>(1, entry.counts.size()));
  std::string text;
  for (std::size_t i = 0; i < entry.counts.size(); ++i)
    if (static_cast<double>(entry.counts[i]) < kStarved * mean)
      text += fmt::format("{}expert {} saw {} of {:.0f} on average", text.empty() ? "" : ", ", i,
                          entry.counts[i], mean);
  return text;
}

/// Holes of the importance matrix: quantized matrices it does not know, experts it hardly saw.
void add_coverage(const Given& given, std::vector<Evidence>& evidence) {
  std::vector<std::string> gaps;
  std::int64_t matrices = 0;
  for (const model::Tensor& tensor : given.candidate->tensors) {
    if (!model::layer_of(tensor.name) || tensor.dims.size() < 2 ||
        tensor.bits_per_weight() >= kFloatBits)
      continue;
    ++matrices;
    const auto* entry = given.imatrix->find(tensor.name);
    if (!entry) {
      gaps.push_back(tensor.name + " has no entry");
    } else if (const std::string starved = starved_in_words(*entry); !starved.empty()) {
      gaps.push_back(tensor.name + ": " + starved);
    }
  }
  evidence.push_back(fact("imatrix_coverage",
                          fmt::format("The importance matrix leaves gaps in {} of {} quantized "
                                      "matrices",
                                      gaps.size(), matrices)));
  for (std::size_t i = 0; i < std::min(gaps.size(), kShownGaps); ++i)
    evidence.push_back(fact("imatrix_gap", gaps[i]));
}

void add_domain(const DomainFinding& finding, std::vector<Evidence>& evidence) {
  const std::string& name = finding.domain.name;
  const auto shown = [](const numeric::Metric& metric) {
    return metric.estimate ? numeric::format_estimate(*metric.estimate) : metric.absent;
  };
  evidence.push_back({"kld_mean_" + name, finding.kld.estimate, "nat/token",
                      fmt::format("{}: KLD {}", name, shown(finding.kld))});
  evidence.push_back({"free_kld_mean_" + name, finding.rtn_kld.estimate, "nat/token",
                      fmt::format("{}: KLD of round-to-nearest {}", name, shown(finding.rtn_kld))});
  if (finding.interaction)
    evidence.push_back({"interaction_" + name, finding.interaction, "1",
                        fmt::format("{} against prose, beyond what round-to-nearest shows: ln "
                                    "ratio {}",
                                    name, numeric::format_estimate(*finding.interaction))});
}

void add_alternatives(const CalibrationStudy& study, std::vector<Evidence>& evidence) {
  for (const Alternative& alternative : study.alternatives)
    evidence.push_back(
        {"alternative", alternative.gain, "fraction",
         fmt::format("{}, the same bits, on {}: changes the KLD by {}", alternative.says,
                     study.domains[*study.suspect].domain.name, negated(alternative.gain))});
}

std::string no_better_in_words(const DomainFinding& finding, bool suspected) {
  const std::string& name = finding.domain.name;
  if (!suspected)
    return fmt::format(
        "on {}, the same types without calibration (round-to-nearest) differ in KLD by {}", name,
        negated(finding.over_rtn));
  if (finding.interaction && finding.interaction->low > 0)
    return fmt::format(
        "it fits {} less well than prose, but no other calibration removes a tenth of the loss",
        name);
  return fmt::format(
      "on {}, without calibration (round-to-nearest) the KLD changes by {}: less than a tenth",
      name, negated(finding.over_rtn));
}

void judge(const CalibrationStudy& study, Finding& result) {
  const DomainFinding& finding = study.domains[study.suspect.value_or(0)];
  const Alternative* better = study.better();
  if (!better) {
    result.status = Status::cleared;
    result.headline = no_better_in_words(finding, study.suspect.has_value());
    return;
  }
  result.status = better->harm == Side::below ? Status::cause : Status::contributes;
  if (finding.text == 0) result.share = better->gain;
  result.headline = fmt::format("on {}, {} loses less at the same bits: KLD {}",
                                finding.domain.name, better->says, negated(better->gain));
}

/// What the study of the domains says.
Known<void> judge_domains(const Facts& facts, Finding& result) {
  QUALM_TRY(const CalibrationStudy study, study_calibration(facts));
  if (!study.not_possible.empty()) {
    result.needs.push_back(study.not_possible);
  } else if (study.uncalibrated) {
    result.status = Status::cleared;
    result.headline =
        no_counterpart(*facts.given.candidate)
            ? "this scheme looks at the weights alone: nothing was calibrated"
            : "equal to round-to-nearest of the original, bit for bit: nothing was calibrated";
  } else if (study.domains.empty()) {
    result.status = Status::cannot_tell;
    result.needs.emplace_back("a longer text (-f, --text)");
  } else {
    if (study.substituted)
      result.evidence.push_back(fact("counterpart",
                                     "Types that need an importance matrix are Q2_K in the "
                                     "round-to-nearest model: it has more bits"));
    for (const DomainFinding& finding : study.domains) add_domain(finding, result.evidence);
    add_alternatives(study, result.evidence);
    judge(study, result);
  }
  return {};
}

Known<void> examine_paired(const Facts& facts, Finding& result) {
  QUALM_TRY(const WeightsLoss found, weights_loss(facts));
  const bool asked = std::ranges::count_if(facts.texts, &Domain::given) > 1;
  if (asked || found.loss.line != Side::below || found.loss.excessive == Side::above)
    return judge_domains(facts, result);
  result.headline = "the loss on this text is acceptable; no other text was read";
  result.needs.emplace_back(
      "a text of each kind of work that you use the model for (--text NAME=FILE)");
  return {};
}

/// A perplexity below the original's is no pass where round-to-nearest does not show it as well.
Known<void> judge_anomaly(const Facts& facts, Finding& result) {
  QUALM_TRY(const auto* weights, facts.measured(Facts::weights_only()));
  if (!below_original(*weights)) return {};
  result.evidence.push_back(metric_evidence("ppl_below_baseline", *weights, MetricId::ppl_change,
                                            "Perplexity below the original's, an anomaly"));
  if (to_blame(result) || no_counterpart(*facts.given.candidate)) return {};
  // Text far from what a model knows is guessed better by weights of any damage: round-to-nearest
  // shows that as well, and then no calibration is to blame.
  const std::array rtn{experiment::with_f16_cache(experiment::round_to_nearest())};
  QUALM_TRY(const WindowRange windows, facts.selection(kForClasses));
  QUALM_TRY(const auto measured, facts.measured(windows, rtn));
  const auto over_rtn = evaluate::ppl_ratio_change(*weights, *measured.front(), kCheckConfidence);
  if (!over_rtn || over_rtn->high >= 0) return {};
  result.status = Status::cannot_tell;
  result.headline = "perplexity below the original's: this text, or its like, was calibrated on";
  result.needs.emplace_back("a text that no calibration has seen (-f)");
  return {};
}

/// With a pack: how much it loses on each text, and how much kFloorType does. What another
/// calibration would lose, only the original's weights can say.
Known<void> add_domains_of_pack(const Facts& facts, Finding& result) {
  const std::array variants{Facts::weights_only(), Facts::as_type(kFloorType)};
  for (std::size_t text = 1; text < facts.texts.size(); ++text) {
    const Domain& domain = facts.texts[text];
    const WindowRange windows{0, std::min(domain.windows, kMostDomain), text};
    QUALM_TRY(const auto measured, facts.measured(windows, variants));
    result.evidence.push_back(metric_evidence("kld_mean_" + domain.name, *measured[0],
                                              MetricId::kld_mean, domain.name + ": KLD"));
    result.evidence.push_back(
        metric_evidence("floor_kld_mean_" + domain.name, *measured[1], MetricId::kld_mean,
                        fmt::format("{}: KLD of {}", domain.name, kFloorType)));
  }
  result.needs.emplace_back("the original model (--baseline)");
  return {};
}

}  // namespace

Known<Finding> check_calibration(const Facts& facts) {
  Finding result;
  add_claims(*facts.given.candidate, result.evidence);
  if (facts.given.imatrix) add_coverage(facts.given, result.evidence);
  if (facts.paired() && !facts.swaps()) {
    QUALM_CHECK(add_domains_of_pack(facts, result));
    return result;
  }
  if (!facts.paired() || facts.estimated()) {
    result.needs.push_back(facts.given.baseline ? facts.files.not_comparable
                                                : "the original model (--baseline)");
    return result;
  }
  QUALM_CHECK(examine_paired(facts, result));
  QUALM_CHECK(judge_anomaly(facts, result));
  if (!to_blame(result)) return result;
  QUALM_TRY(const bool other_model, of_another_model(facts));
  if (other_model) not_attributable(result);
  return result;
}

Known<std::optional<Fix>> fix_calibration(const Facts& facts) {
  QUALM_TRY(const CalibrationStudy study, study_calibration(facts));
  const Alternative* better = study.better();
  // Where it is not within limits, the type's remedy answers it. What other tools made, they make
  // again.
  if (!better || better->harm == Side::above || better->weights.kind != Weights::Kind::requantized)
    return std::nullopt;
  const DomainFinding& finding = study.domains[*study.suspect];
  Fix fix{.name = fmt::format("{} {}", better->weights.mix, better->says),
          .text = finding.text,
          .weights = better->weights};
  const std::string matrix = finding.domain.name + ".imatrix.gguf";
  const GgufOriginal source = gguf_original(facts.given);
  fix.command = source.make;
  if (better->weights.calibrated_on)
    fix.command += imatrix_command(source.path, finding.domain, matrix) + " && ";
  fix.command +=
      quantize_command(facts.given, better->weights, better->weights.calibrated_on ? matrix : "");
  QUALM_TRY(const std::int64_t bytes, facts.model_bytes(*fix.weights));
  fix.bytes = bytes;
  fix.effect = fmt::format("{}, {}", better->says, format_bytes(bytes));
  if (better->weights.calibrated_on)
    fix.effect += fmt::format("; measured with a matrix of {} of the text's {} windows",
                              experiment::calibration_windows(finding.domain.windows),
                              finding.domain.windows);
  return fix;
}

}  // namespace qualm::diagnose
