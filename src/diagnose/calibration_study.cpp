#include "diagnose/calibration_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "diagnose/loss.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"
#include "evaluate/joint.h"
#include "evaluate/summary.h"
#include "model/activations.h"

namespace qualm::diagnose {
namespace {

using evaluate::Joint;
using evaluate::MetricId;
using experiment::with_f16_cache;

/// Windows to measure on: none that calibration may use, of the first text none that are kept to
/// prove a remedy on.
Known<WindowRange> range_of(const Facts& facts, std::size_t text) {
  const Domain& domain = facts.texts[text];
  const std::int32_t usable = domain.windows - experiment::calibration_windows(domain.windows);
  std::int32_t most = kMostDomain;
  if (text == 0) {
    QUALM_TRY(const WindowRange first, facts.selection(kForClasses));
    most = first.count();
  }
  return WindowRange{0, std::min({usable, most, kMostDomain}), text};
}

double log_ratio(std::span<const double> totals) { return std::log(totals[0] / totals[1]); }
double taken_away(std::span<const double> totals) { return 1.0 - totals[1] / totals[0]; }

struct Read {
  DomainFinding finding;
  Joint joint;  ///< candidate, its round-to-nearest
};

Known<Read> read_domain(const Facts& facts, std::size_t text) {
  const std::array variants{Facts::weights_only(), with_f16_cache(experiment::round_to_nearest()),
                            Facts::as_type(kFloorType)};
  QUALM_TRY(const WindowRange windows, range_of(facts, text));
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  Read read;
  read.finding = {.domain = facts.texts[text],
                  .text = text,
                  .kld = measured[0]->metrics[MetricId::kld_mean],
                  .rtn_kld = measured[1]->metrics[MetricId::kld_mean],
                  .harm = harm(facts.given, *measured[0], *measured[2]),
                  .excessive = excessive(*measured[0], *measured[1]),
                  .over_rtn = {},
                  .interaction = {}};
  read.joint = evaluate::join(std::span(measured).first(2));
  read.finding.over_rtn = estimate(read.joint, taken_away, confidence_for(facts.texts.size()));
  return read;
}

/// Whether the calibration may have gone wrong for this text of the user's.
bool suspicious(const DomainFinding& finding) {
  const bool worse_than_none = finding.over_rtn && finding.over_rtn->low > 0;
  const bool worse_than_prose = finding.interaction && finding.interaction->low > 0;
  return finding.domain.given && (worse_than_none || worse_than_prose);
}

double excess(const DomainFinding& finding) {
  return std::max(finding.over_rtn ? finding.over_rtn->value : 0.0,
                  finding.interaction ? finding.interaction->value : 0.0);
}

/// Of another tool than llama.cpp: its calibration cannot be repeated here, only left out.
bool on_own_grid(const model::Checkpoint& candidate) {
  return std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
    return tensor.encoding.grid.has_value();
  });
}

std::vector<Alternative> alternatives_for(const Facts& facts, const CalibrationStudy& study,
                                          const DomainFinding& finding) {
  const model::Checkpoint& candidate = *facts.given.candidate;
  std::vector<Alternative> all;
  if (on_own_grid(candidate)) return {{experiment::round_to_nearest(), "rounded to nearest", {}}};
  Weights calibrated = experiment::requantized(type_of_rest(candidate, {}));
  if (!study.substituted && !calibrated.mix.starts_with("IQ"))
    all.push_back({calibrated, "rounded to nearest", {}});
  calibrated.calibrated_on = finding.text;
  if (experiment::calibration_windows(finding.domain.windows) > 0)
    all.push_back({calibrated, "calibrated on " + finding.domain.name, {}});
  return all;
}

Known<void> try_alternatives(const Facts& facts, CalibrationStudy& study) {
  const DomainFinding& finding = study.domains[*study.suspect];
  study.alternatives = alternatives_for(facts, study, finding);
  std::vector<Variant> variants{Facts::weights_only(), Facts::as_type(kFloorType)};
  for (const Alternative& alternative : study.alternatives)
    variants.push_back(with_f16_cache(alternative.weights));
  QUALM_TRY(const WindowRange windows, range_of(facts, finding.text));
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  const double confidence = confidence_for(study.alternatives.size());
  for (std::size_t i = 0; i < study.alternatives.size(); ++i) {
    const std::array pair{measured[0], measured[i + 2]};
    study.alternatives[i].gain = estimate(evaluate::join(pair), taken_away, confidence);
    study.alternatives[i].harm = harm(facts.given, *measured[i + 2], *measured[1]);
  }
  return {};
}

/// What each text shows, and on which the calibration is suspect.
Known<void> read_domains(const Facts& facts, CalibrationStudy& study) {
  std::vector<Read> reads;
  for (std::size_t text = 0; text < facts.texts.size(); ++text) {
    QUALM_TRY(const WindowRange windows, range_of(facts, text));
    if (windows.count() < 2) continue;
    QUALM_TRY(auto read, read_domain(facts, text));
    reads.push_back(std::move(read));
  }
  const auto prose =
      std::ranges::find(reads, "prose", [](const Read& read) { return read.finding.domain.name; });
  for (Read& read : reads)
    if (prose != reads.end() && &read != &*prose)
      read.finding.interaction = estimate_difference(read.joint, prose->joint, log_ratio,
                                                     confidence_for(reads.size() - 1));
  for (Read& read : reads) study.domains.push_back(std::move(read.finding));
  for (std::size_t i = 0; i < study.domains.size(); ++i)
    if (suspicious(study.domains[i]) &&
        (!study.suspect || excess(study.domains[i]) > excess(study.domains[*study.suspect])))
      study.suspect = i;
  return {};
}

}  // namespace

const Alternative* CalibrationStudy::better() const noexcept {
  if (!suspect) return nullptr;
  const DomainFinding& finding = domains[*suspect];
  if (finding.harm != Side::above && finding.excessive != Side::above) return nullptr;
  const Alternative* best = nullptr;
  for (const Alternative& alternative : alternatives) {
    if (!alternative.gain || alternative.gain->low < kWorthRecalibrating) continue;
    if (!best || alternative.gain->value > best->gain->value) best = &alternative;
  }
  return best;
}

bool CalibrationStudy::explains() const noexcept {
  return better() && domains[*suspect].text == 0 && better()->harm == Side::below;
}

std::optional<std::string> no_counterpart(const model::Checkpoint& candidate) {
  if (!model::rotation_key(candidate).empty()) return "rotated weights";
  for (const model::Tensor& tensor : candidate.tensors)
    if (tensor.encoding.ggml_type < 0 && !tensor.encoding.grid && tensor.dims.size() >= 2)
      return tensor.encoding.name;
  return std::nullopt;
}

Known<CalibrationStudy> study_calibration(const Facts& facts) {
  CalibrationStudy study;
  const model::Checkpoint& candidate = *facts.given.candidate;
  if (const auto encoding = no_counterpart(candidate)) {
    study.uncalibrated = model::encoding_type(*encoding).weights_alone;
    if (!study.uncalibrated)
      study.not_possible = fmt::format(
          "round-to-nearest in {} to compare with, which this version does not make", *encoding);
    return study;
  }
  for (const model::Tensor& tensor : candidate.tensors)
    study.substituted |= tensor.encoding.type->needs_importance;
  QUALM_TRY(const auto same, facts.same_weights({}, experiment::round_to_nearest()));
  study.uncalibrated = same.value_or(false);
  if (study.uncalibrated) return study;
  QUALM_CHECK(read_domains(facts, study));
  if (study.suspect) QUALM_CHECK(try_alternatives(facts, study));
  return study;
}

}  // namespace qualm::diagnose
