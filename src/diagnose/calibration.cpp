// Check 4: does the calibration serve the text?
//
// The candidate is compared with its calibration-free counterpart (the same types by plain rounding
// of the baseline) on several domains. Where it loses more than that on the user's text, or its
// advantage is smaller there than on prose, other calibrations at the same bits are made and
// measured: only a loss that certainly goes away with one of them is the calibration's. A
// perplexity below the baseline's and below the counterpart's means that the text, or its like, was
// calibrated on: no pass.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "diagnose/calibration_study.h"
#include "diagnose/check.h"
#include "diagnose/override.h"
#include "diagnose/words.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr double kAnomaly = -0.002;  // ppl_change; chosen, not calibrated
constexpr double kStarved = 0.05;    // of the mean count of its stack, an expert is starved
constexpr std::size_t kShownGaps = 4;
constexpr double kUnquantizedBits = 16.0;

std::string percent(const std::optional<numeric::Estimate>& estimate) {
  return estimate ? numeric::format_estimate(*estimate, {.percent = true, .change = true})
                  : "not measured";
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
void add_coverage(const Patient& given, std::vector<Evidence>& evidence) {
  std::vector<std::string> gaps;
  std::int64_t matrices = 0;
  for (const model::Tensor& tensor : given.candidate->tensors) {
    if (!tensor.name.starts_with("blk.") || tensor.dims.size() < 2 ||
        tensor.bits_per_weight() >= kUnquantizedBits)
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
                      fmt::format("{}: kld {}", name, shown(finding.kld))});
  evidence.push_back({"free_kld_mean_" + name, finding.free_kld.estimate, "nat/token",
                      fmt::format("{}: kld of the calibration-free counterpart {}", name,
                                  shown(finding.free_kld))});
  if (finding.interaction)
    evidence.push_back({"interaction_" + name, finding.interaction, "1",
                        fmt::format("{} against prose, beyond what plain rounding shows: ln ratio "
                                    "{}",
                                    name, numeric::format_estimate(*finding.interaction))});
}

void add_alternatives(const CalibrationStudy& study, std::vector<Evidence>& evidence) {
  for (const Alternative& alternative : study.alternatives)
    evidence.push_back(
        {"alternative", alternative.gain, "fraction",
         fmt::format("{}, the same bits, on {}: takes away {} of the kld", alternative.says,
                     study.domains[*study.suspect].domain.name, percent(alternative.gain))});
}

/// A perplexity that is certainly lower than the baseline's.
bool anomalous(const evaluate::Measurement& weights) {
  const auto it = weights.metrics.find("ppl_change");
  return it != weights.metrics.end() && it->second.estimate && it->second.estimate->high < kAnomaly;
}

void conclude(const CalibrationStudy& study, CheckResult& result) {
  const DomainFinding& finding = study.domains[study.suspect.value_or(0)];
  const std::string& name = finding.domain.name;
  if (const Alternative* better = study.better()) {
    result.status = better->harm == Side::below ? Status::cause : Status::contributes;
    if (finding.text == 0) result.share = better->gain;
    result.headline = fmt::format("on {}, {} loses less at the same bits: {} of the kld goes away",
                                  name, better->says, percent(better->gain));
    return;
  }
  result.status = Status::cleared;
  if (!study.suspect) {
    result.headline = fmt::format(
        "on {} plain rounding would change the kld by {}", name,
        percent(finding.over_free ? std::optional(numeric::Estimate{-finding.over_free->value,
                                                                    -finding.over_free->high,
                                                                    -finding.over_free->low})
                                  : std::nullopt));
    return;
  }
  result.headline =
      finding.interaction && finding.interaction->low > 0
          ? fmt::format("it fits {} less than prose, but no other calibration takes away a tenth",
                        name)
          : fmt::format("on {} plain rounding takes away {} of the kld: less than a tenth", name,
                        percent(finding.over_free));
}

Result<void> examine_paired(Case& patient, CheckResult& result) {
  QUALM_TRY(const auto* floor, patient.measured(Case::rung(kFloorMix)));
  QUALM_TRY(const auto* weights, patient.measured(patient.tier_only()));
  const auto texts = patient.lab()->texts();
  const bool asked = std::ranges::count_if(texts, &Domain::given) > 1;
  if (!asked && harm(*weights, *floor) == Side::below) {
    result.status = Status::cleared;
    result.headline = "the weights lose no more than they may: nothing to explain";
    result.evidence.push_back(fact("domains", "Further domains were not read: --text NAME=FILE"));
    return {};
  }
  QUALM_TRY(const CalibrationStudy study, study_calibration(patient));
  if (!study.not_possible.empty()) {
    result.needs.push_back(study.not_possible);
  } else if (study.uncalibrated) {
    result.status = Status::cleared;
    result.headline = no_counterpart(*patient.patient().candidate)
                          ? "of a scheme that looks at the weights alone: nothing was calibrated"
                          : "plain rounding of the baseline, bit for bit: nothing was calibrated";
  } else if (study.domains.empty()) {
    result.status = Status::cannot_tell;
    result.needs.push_back("more text (-f, --text)");
  } else {
    if (study.substituted)
      result.evidence.push_back(fact("counterpart",
                                     "Types that need an importance matrix are Q2_K in the "
                                     "counterpart: it has more bits"));
    for (const DomainFinding& finding : study.domains) add_domain(finding, result.evidence);
    add_alternatives(study, result.evidence);
    conclude(study, result);
  }
  return {};
}

}  // namespace

Result<CheckResult> examine_calibration(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  add_claims(*given.candidate, result.evidence);
  if (given.imatrix) add_coverage(given, result.evidence);
  if (!patient.paired()) {
    result.needs.push_back(given.baseline ? given.not_comparable
                                          : "the model it was made from (--baseline)");
    return result;
  }
  QUALM_CHECK(examine_paired(patient, result));
  QUALM_TRY(const auto* weights, patient.measured(patient.tier_only()));
  if (!anomalous(*weights)) return result;
  result.evidence.push_back(metric_evidence("ppl_below_baseline", *weights, "ppl_change",
                                            "Perplexity below the baseline's, an anomaly"));
  if (result.status != Status::cleared || no_counterpart(*given.candidate)) return result;
  // Text far from what a model knows is guessed better by weights of any damage: plain rounding
  // shows that as well, and then no calibration is to blame.
  const std::array free{Variant{kFreeWeights, "f16", "f16"}};
  QUALM_TRY(const auto measured, patient.measured_on(patient.screened(), free));
  const auto over_free = evaluate::ppl_ratio_change(*weights, *measured.front());
  if (!over_free || over_free->high >= 0) return result;
  result.status = Status::cannot_tell;
  result.headline = "perplexity below the baseline's: this text, or its like, was calibrated on";
  result.needs.push_back("a text that no calibration has seen (-f)");
  return result;
}

Result<std::optional<Fix>> prescribe_calibration(Case& patient) {
  QUALM_TRY(const CalibrationStudy study, study_calibration(patient));
  const Alternative* better = study.better();
  // Where it does not pass, the tier's remedy answers it. What other tools made, they make again.
  if (!better || better->harm == Side::above || better->weights.kind != Weights::Kind::requantized)
    return std::nullopt;
  const DomainFinding& finding = study.domains[*study.suspect];
  Fix fix;
  fix.weights = better->weights;
  fix.text = finding.text;
  const std::string matrix = finding.domain.name + ".imatrix.gguf";
  const GgufBaseline source = gguf_baseline(patient.patient());
  fix.command = source.make;
  if (better->weights.calibrated_on)
    fix.command += fmt::format("llama-imatrix -m {} -f {} -o {} && ", source.path,
                               shell_word(finding.domain.path), shell_word(matrix));
  fix.command += quantize_command(patient.patient(), better->weights,
                                  better->weights.calibrated_on ? matrix : "");
  QUALM_TRY(const std::int64_t bytes, patient.lab()->model_bytes(*fix.weights));
  fix.bytes = bytes;
  fix.effect = fmt::format("{}, {}", better->says, numeric::format_bytes(bytes));
  return fix;
}

}  // namespace qualm::diagnose
