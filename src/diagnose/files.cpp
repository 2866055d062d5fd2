// Check 0: is it the quantization at all?
//
// What changes a model's answers without any weight being rounded: another tokenizer, template,
// rope, shape, a damaged file, a container that its runtime does not load, or a symptom that the
// original has as well.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/checks.h"
#include "diagnose/cross_check.h"
#include "diagnose/facts.h"
#include "diagnose/file_findings.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/mend.h"
#include "diagnose/served.h"
#include "diagnose/static_scales.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr std::size_t kNotesShown = 8;

void add_evidence(const FileFindings& found, Finding& finding) {
  for (const Fault& fault : finding.faults)
    finding.evidence.push_back({fault.where, fault.value, fault.unit, fault.says});
  const auto notes = std::min(found.notes.size(), kNotesShown);
  finding.evidence.insert(finding.evidence.end(), found.notes.begin(),
                          found.notes.begin() + static_cast<std::ptrdiff_t>(notes));
  if (found.more > 0)
    finding.evidence.push_back(fact("more", fmt::format("and {} more differences", found.more)));
  for (const OpenQuestion& open : found.open) finding.needs.push_back(open.needs);
}

std::string equal_in_words(std::size_t notes) {
  if (notes == 0) return "tokenizer, template and hyperparameters equal, file complete";
  return fmt::format("tokenizer, template and hyperparameters agree ({} {}), file complete", notes,
                     notes == 1 ? "note" : "notes");
}

/// What this device's kernels add to the loss of the weights. A fault where they alone carry it
/// over what is acceptable.
Known<void> add_runtime(const Facts& facts, Finding& finding) {
  QUALM_TRY(const WeightsLoss found, weights_loss(facts));
  const auto& share = found.loss.runtime_share;
  if (!share) return {};
  const std::string says = fmt::format(
      "The kernels that run quantized weights on this device add a "
      "KLD of {}: they round activations too",
      numeric::format_estimate(*share));
  if (found.loss.line == Side::below &&
      harm(facts.given, *found.as_run, *found.floor) == Side::above)
    finding.faults.push_back({.kind = FaultKind::runtime,
                              .effect = Effect::prompts,
                              .where = "runtime_share",
                              .says = says,
                              .value = share,
                              .unit = "nat/token"});
  else
    finding.evidence.push_back({"runtime_share", share, "nat/token", says});
  return {};
}

/// A candidate that guesses the text better than its original, and answers otherwise.
Known<bool> original_suspect(const Facts& facts) {
  if (!facts.swaps()) return false;
  QUALM_TRY(const auto* weights, facts.measured(Facts::weights_only()));
  const std::int64_t in_f32 = 4 * facts.given.candidate->parameters();
  return side_of(*weights, evaluate::MetricId::ppl_change, kBelowOriginal) == Side::below &&
         side_of(*weights, evaluate::MetricId::kld_mean, kLeastExcessLoss) == Side::above &&
         in_f32 < facts.given.free_memory / 2;
}

/// The original's own run may be the broken one: F16 overflows where F32 does not.
Known<void> add_original_run(const Facts& facts, Finding& finding) {
  QUALM_TRY(const bool suspect, original_suspect(facts));
  if (!suspect) return {};
  const std::array variants{Facts::original_in_f32()};
  QUALM_TRY(const WindowRange windows, facts.selection(kForOriginal));
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  const evaluate::Measurement& in_f32 = *measured.front();
  const auto change = side_of(in_f32, evaluate::MetricId::ppl_change, kBelowOriginal);
  const auto& kld = in_f32.metrics[evaluate::MetricId::kld_mean].estimate;
  const char* where = "original_in_f32";
  if (change != Side::below) {
    finding.evidence.push_back(
        {where, kld, "nat/token",
         "The candidate guesses this text better than the original. The original in F32 does not: "
         "its own run is not at fault"});
    return {};
  }
  finding.faults.push_back(
      {.kind = FaultKind::runtime,
       .effect = Effect::weights,
       .where = where,
       .says =
           fmt::format("the original's own run is broken: its F16 weights in F32 give {}. Use an "
                       "F32 or BF16 original with --baseline",
                       loss_in_words(in_f32)),
       .value = kld,
       .unit = "nat/token"});
  return {};
}

/// Logits that were lost, and none where the same weights are floats: the kernels of this device.
Known<bool> lost_by_kernels(const Facts& facts, const std::vector<Fault>& faults) {
  const bool lost = std::ranges::find(faults, FaultKind::lost_logits, &Fault::kind) != faults.end();
  if (!lost || !facts.paired()) return false;
  const std::array variants{experiment::with_f16_cache(experiment::decoded({}))};
  QUALM_TRY(const WindowRange windows, first_look(facts));
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  return measured.front()->unavailable.empty() && measured.front()->lost == 0;
}

Known<void> judge_lost(const Facts& facts, std::vector<Fault>& faults) {
  QUALM_TRY(const bool by_kernels, lost_by_kernels(facts, faults));
  if (!by_kernels) return {};
  const auto lost = std::ranges::find(faults, FaultKind::lost_logits, &Fault::kind);
  lost->kind = FaultKind::runtime;
  lost->says +=
      ". With the same weights as floats there are none: the kernels that run quantized weights "
      "on this device are at fault, not the file";
  return {};
}

Known<void> add_runs(const Facts& facts, Finding& finding) {
  QUALM_CHECK(add_server(facts, finding));
  QUALM_CHECK(add_runtime(facts, finding));
  return add_original_run(facts, finding);
}

}  // namespace

Known<Finding> check_files(const Facts& facts) {
  FileFindings found = file_findings(facts);
  QUALM_CHECK(add_static_scales(facts, found));
  Finding finding{.faults = found.faults};
  if (const auto lost = judge_lost(facts, finding.faults); !left_out(lost)) QUALM_CHECK(lost);
  if (facts.paired() && !confounded(found)) {
    const auto run = add_runs(facts, finding);
    finding.left_out = left_out(run);
    if (!finding.left_out) QUALM_CHECK(run);
  }
  if (const auto checked = add_cross_check(facts, finding); !left_out(checked))
    QUALM_CHECK(checked);
  add_evidence(found, finding);
  if (!finding.faults.empty()) {
    finding.status = Status::cause;
    finding.headline = finding.faults.front().says;
  } else if (!facts.given.baseline) {
    finding.headline = facts.files.integrity.weights_read > 0
                           ? "file complete, no NaN or infinity in any block"
                           : "file complete";
    for (const OpenQuestion& open : found.open) finding.headline += "; " + open.says;
    for (const std::string& risk : found.risks) finding.headline += ". " + risk;
  } else if (!found.open.empty()) {
    finding.status = Status::cannot_tell;
    finding.headline = found.open.front().says;
  } else if (finding.left_out) {
    finding.headline = kLeftOut;
  } else {
    finding.status = Status::cleared;
    finding.headline = equal_in_words(found.note_count);
  }
  if (finding.faults.empty()) add_server_to_headline(finding);
  if (finding.left_out) finding.needs.emplace_back(kMoreTime);
  if (facts.given.pack && !facts.given.pack->has_text && finding.faults.empty()) {
    finding.status = Status::cannot_tell;
    finding.headline =
        "the reference has no text: whether this file splits it into the same tokens is not known";
  }
  if (!facts.given.baseline)
    finding.needs.emplace_back(
        "the original model (--baseline), for tokenizer, template and hyperparameters");
  return finding;
}

Known<std::optional<Fix>> fix_files(const Facts& facts) {
  const FileFindings found = file_findings(facts);
  if (auto repair = repair_of(facts.given, found.faults)) return repair;
  // Where no loss on a text goes with the fault, no other remedy could be seen to help.
  if (!confounded(found)) return std::nullopt;
  QUALM_TRY(const bool by_kernels, lost_by_kernels(facts, found.faults));
  return by_kernels ? Known<std::optional<Fix>>(std::nullopt) : make_again(facts);
}

}  // namespace qualm::diagnose
