#include "diagnose/diagnose.h"

#include "diagnose/class_study.h"
#include "diagnose/file_findings.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/remedies.h"
#include "diagnose/served.h"
#include "diagnose/symptoms.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"

namespace qualm::diagnose {
namespace {

std::string level_of(const Facts& facts) {
  if (facts.given.baseline) return facts.given.base_model ? "L3+" : "L3";
  if (facts.given.pack) return "L2";
  return facts.runs() ? "L1" : "L0";
}

/// What the checks ask first: the factors alone, and the type that sets the limit.
Known<void> measure_factors(const Facts& facts) {
  std::vector<Variant> wanted{Facts::weights_only()};
  if (facts.cache_quantized() && facts.swaps()) wanted.push_back(facts.cache_only());
  QUALM_TRY(const WindowRange windows, facts.selection());
  QUALM_TRY(const auto measured, facts.measured(windows, wanted));
  QUALM_CHECK(floor_for(facts, *measured.front()));
  return {};
}

Finding hidden_by_fault() {
  Finding finding{.status = Status::cannot_tell};
  finding.headline = "because of the fault above, the loss of the bits cannot be measured";
  finding.needs.emplace_back("a file without that fault");
  return finding;
}

/// Never cleared: what it needs was not measured.
Finding not_in_time() {
  Finding finding{.headline = kLeftOut, .left_out = true};
  finding.needs.emplace_back(kMoreTime);
  return finding;
}

Known<std::vector<Finding>> examine(const Facts& facts) {
  const bool faulty = facts.paired() && confounded(file_findings(facts));
  std::vector<Finding> findings;
  for (const CheckRow& row : kChecks) {
    auto found = facts.served_alone()       ? check_server(row.id, facts)
                 : faulty && row.about_bits ? Known<Finding>(hidden_by_fault())
                                            : ask(row, facts);
    if (left_out(found)) found = not_in_time();
    QUALM_TRY(Finding finding, std::move(found));
    finding.check = row.id;
    findings.push_back(std::move(finding));
  }
  return findings;
}

Known<std::optional<Attribution>> attribution_of(const Facts& facts,
                                                 const std::vector<Finding>& findings) {
  if (!facts.swaps()) return std::nullopt;
  std::optional<ClassGroup> class_to_blame;
  if (to_blame(findings[static_cast<std::size_t>(CheckId::architecture)])) {
    QUALM_TRY(const ClassStudy study, study_classes(facts));
    if (study.culprit()) class_to_blame = study.culprit()->group;
  }
  if (!class_to_blame && !facts.cache_quantized()) return std::nullopt;
  return attribute(facts, class_to_blame ? &*class_to_blame : nullptr);
}

Known<Overall> overall_of(const Facts& facts, const std::vector<Finding>& findings) {
  Overall overall{.paired = facts.paired(), .estimated = facts.estimated()};
  if (!facts.paired()) return overall;
  if (auto shares = attribution_of(facts, findings); !left_out(shares)) {
    QUALM_TRY(overall.attribution, std::move(shares));
  }
  QUALM_TRY(const auto* as_run, facts.measured(facts.as_run()));
  const auto found = weights_loss(facts);
  if (left_out(found)) {  // the size is known, the limit is not
    set_size(*as_run, overall.loss);
    return overall;
  }
  QUALM_TRY(const WeightsLoss weights, found);
  overall.loss = weights.loss;
  if (facts.cache_quantized()) {
    QUALM_TRY(const auto* floor, floor_for(facts, *as_run));
    overall.loss.line = harm(facts.given, *as_run, *floor);
    set_size(*as_run, overall.loss);
  }
  if (const auto served = take_served_loss(facts, overall.loss); !left_out(served))
    QUALM_CHECK(served);
  return overall;
}

/// Texts are written last, where a loss was found or they were asked for, and where there is
/// something to compare them with.
Known<std::vector<probe::Symptom>> symptoms_of(const Facts& facts, Verdict verdict) {
  std::vector<probe::Symptom> symptoms;
  const Given& given = facts.given;
  const bool comparable = facts.has_original() || (facts.runs() && facts.cache_quantized());
  const bool wanted = given.texts_asked ||
                      (verdict == Verdict::problem && given.texts_allowed && !facts.estimated());
  if (facts.written) symptoms = *facts.written;
  if (!facts.written && wanted && facts.runs() && (comparable || given.texts_asked))
    return std::unexpected(WantedTexts{});
  if ((comparable || facts.paired()) && given.look_for_long_context) {
    QUALM_TRY(const auto* as_run, facts.measured(facts.reference(), facts.as_run()));
    symptoms.push_back(long_context(*as_run));
  }
  return symptoms;
}

}  // namespace

Known<Finding> ask(const CheckRow& check, const Facts& facts) {
  QUALM_TRY(Finding finding, check.check(facts));
  // A fault of the file is there, whatever the original is.
  finding.estimated = finding.estimated || (facts.estimated() && check.id != CheckId::not_quant);
  return finding;
}

Known<Diagnosis> diagnose(const Facts& facts) {
  Diagnosis diagnosis{.evidence_level = level_of(facts)};
  if (facts.paired()) {
    QUALM_CHECK(in_stage(Stage::as_run, facts.selection()));
    const auto factors = measure_factors(facts);
    if (!left_out(factors)) QUALM_CHECK(in_stage(Stage::factors, factors));
  }
  QUALM_TRY(diagnosis.findings, in_stage(Stage::causes, examine(facts)));
  if (facts.paired() || (facts.runs() && facts.cache_quantized()))  // else nothing is measured
    QUALM_CHECK(in_stage(Stage::causes, facts.noise_floor()));
  QUALM_TRY(const Overall overall, in_stage(Stage::shares, overall_of(facts, diagnosis.findings)));
  diagnosis.conclusion = conclude(diagnosis.findings, overall);
  if (facts.runs()) {
    QUALM_TRY(diagnosis.remedies, in_stage(Stage::fixes, remedies_for(facts, diagnosis.findings)));
  }
  if (facts.paired() && !facts.served_alone()) {
    QUALM_TRY(diagnosis.ladder, in_stage(Stage::fixes, ladder_of(facts)));
  }
  QUALM_TRY(diagnosis.symptoms,
            in_stage(Stage::texts, symptoms_of(facts, diagnosis.conclusion.verdict)));
  if (const probe::Symptom* shared = shared_with_original(facts))
    diagnosis.shared_symptom = *shared;
  return diagnosis;
}

}  // namespace qualm::diagnose
