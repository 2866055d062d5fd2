#include "diagnose/calibration_study.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "diagnose/joint.h"
#include "diagnose/override.h"
#include "evaluate/summary.h"

namespace qualm::diagnose {
namespace {

constexpr double kWorthIt = 0.1;  // share of the loss that another calibration must take
/// Schemes whose tools look at the weights alone.
constexpr std::array<std::string_view, 2> kNeverCalibrated{"bitsandbytes", "HQQ"};
constexpr std::array<std::string_view, 3> kNeedMatrix{"IQ2_XXS", "IQ2_XS", "IQ1_S"};

Variant plain(const Weights& weights) { return {weights, "f16", "f16"}; }

/// Windows to measure on: none that calibration may use, of the first text none that are kept to
/// prove a remedy on.
WindowRange range_of(const Case& patient, const Domain& domain, std::size_t text) {
  const std::int32_t usable = domain.windows - calibration_windows(domain.windows);
  const std::int32_t most = text == 0 ? patient.screened().count() : kMostDomainWindows;
  return {0, std::min({usable, most, kMostDomainWindows}), text};
}

double log_ratio(std::span<const double> totals) { return std::log(totals[0] / totals[1]); }
double taken_away(std::span<const double> totals) { return 1.0 - totals[1] / totals[0]; }

struct Read {
  DomainFinding finding;
  Joint joint;  ///< candidate, counterpart
};

Result<Read> read_domain(Case& patient, const Domain& domain, std::size_t text, double confidence) {
  const std::array variants{patient.tier_only(), plain(kFreeWeights), Case::rung(kFloorMix)};
  QUALM_TRY(const auto measured, patient.measured_on(range_of(patient, domain, text), variants));
  Read read;
  read.finding = {.domain = domain,
                  .text = text,
                  .kld = evaluate::kld_mean(*measured[0]),
                  .free_kld = evaluate::kld_mean(*measured[1]),
                  .harm = harm(*measured[0], *measured[2]),
                  .over_free = {},
                  .interaction = {}};
  read.joint = join(std::span(measured).first(2));
  read.finding.over_free = estimate(read.joint, taken_away, confidence);
  return read;
}

/// Whether the calibration may have gone wrong for this text of the user's.
bool suspicious(const DomainFinding& finding) {
  const bool worse_than_none = finding.over_free && finding.over_free->low > 0;
  const bool worse_than_prose = finding.interaction && finding.interaction->low > 0;
  return finding.domain.given && (worse_than_none || worse_than_prose);
}

double excess(const DomainFinding& finding) {
  return std::max(finding.over_free ? finding.over_free->value : 0.0,
                  finding.interaction ? finding.interaction->value : 0.0);
}

/// Of another tool than llama.cpp: its calibration cannot be repeated here, only left out.
bool on_own_grid(const model::Checkpoint& candidate) {
  return std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
    return tensor.encoding.grid.has_value();
  });
}

std::vector<Alternative> alternatives_for(Case& patient, const CalibrationStudy& study,
                                          const DomainFinding& finding) {
  std::vector<Alternative> all;
  if (on_own_grid(*patient.patient().candidate)) return {{kFreeWeights, "plain rounding", {}}};
  Weights calibrated{.kind = Weights::Kind::requantized,
                     .mix = mix_of_rest(*patient.patient().candidate, {}),
                     .recipe = {}};
  if (!study.substituted) {
    Weights without = calibrated;
    if (!calibrated.mix.starts_with("IQ")) all.push_back({without, "plain rounding", {}});
  }
  calibrated.calibrated_on = finding.text;
  if (calibration_windows(finding.domain.windows) > 0)
    all.push_back({calibrated, "calibrated on " + finding.domain.name, {}});
  return all;
}

Result<void> try_alternatives(Case& patient, CalibrationStudy& study) {
  const DomainFinding& finding = study.domains[*study.suspect];
  study.alternatives = alternatives_for(patient, study, finding);
  std::vector<Variant> variants{patient.tier_only(), Case::rung(kFloorMix)};
  for (const Alternative& alternative : study.alternatives)
    variants.push_back(plain(alternative.weights));
  QUALM_TRY(const auto measured,
            patient.measured_on(range_of(patient, finding.domain, finding.text), variants));
  for (std::size_t i = 0; i < study.alternatives.size(); ++i) {
    const std::array pair{measured[0], measured[i + 2]};
    study.alternatives[i].gain =
        estimate(join(pair), taken_away, confidence_for(study.alternatives.size()));
    study.alternatives[i].harm = harm(*measured[i + 2], *measured[1]);
  }
  return {};
}

}  // namespace

const Alternative* CalibrationStudy::better() const noexcept {
  if (!suspect || domains[*suspect].harm != Side::above) return nullptr;
  const Alternative* best = nullptr;
  for (const Alternative& alternative : alternatives) {
    if (!alternative.gain || alternative.gain->low < kWorthIt) continue;
    if (!best || alternative.gain->value > best->gain->value) best = &alternative;
  }
  return best;
}

bool CalibrationStudy::explains() const noexcept {
  return better() && domains[*suspect].text == 0 && better()->harm == Side::below;
}

std::optional<std::string> no_counterpart(const model::Checkpoint& candidate) {
  for (const model::Tensor& tensor : candidate.tensors)
    if (tensor.encoding.ggml_type < 0 && !tensor.encoding.grid && tensor.dims.size() >= 2)
      return tensor.encoding.name;
  return std::nullopt;
}

bool never_calibrated(std::string_view encoding) {
  return std::ranges::any_of(kNeverCalibrated,
                             [&](std::string_view scheme) { return encoding.starts_with(scheme); });
}

Result<CalibrationStudy> study_calibration(Case& patient) {
  CalibrationStudy study;
  const model::Checkpoint& candidate = *patient.patient().candidate;
  if (const auto encoding = no_counterpart(candidate)) {
    study.uncalibrated = never_calibrated(*encoding);
    if (!study.uncalibrated)
      study.not_possible = fmt::format(
          "plain rounding of {} to compare with, which this version does not make", *encoding);
    return study;
  }
  for (const model::Tensor& tensor : candidate.tensors)
    study.substituted |= std::ranges::find(kNeedMatrix, tensor.encoding.name) != kNeedMatrix.end();
  QUALM_TRY(const auto same, patient.lab()->same_weights({}, kFreeWeights));
  study.uncalibrated = same.value_or(false);
  if (study.uncalibrated) return study;

  const auto texts = patient.lab()->texts();
  std::vector<Read> reads;
  for (std::size_t text = 0; text < texts.size(); ++text) {
    if (range_of(patient, texts[text], text).count() < 2) continue;
    QUALM_TRY(auto read, read_domain(patient, texts[text], text, confidence_for(texts.size())));
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
  if (study.suspect) QUALM_CHECK(try_alternatives(patient, study));
  return study;
}

}  // namespace qualm::diagnose
