// The table of checks. Adding a cause is one file and one row of checks.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "diagnose/case.h"
#include "diagnose/diagnosis.h"

namespace qualm::diagnose {

/// A remedy before its proof: what to do, and how the patient is then run.
struct Fix {
  std::string command;
  std::string effect;  ///< what changes, in words, without the measured figures
  std::optional<std::int64_t> bytes;
  std::size_t text = 0;            ///< of the Lab, on which it is to be proved
  std::optional<Weights> weights;  ///< instead of the candidate's
  std::optional<std::pair<std::string, std::string>>
      cache;  ///< K and V types instead of the user's
};

struct CheckEntry {
  std::string id;
  std::string title;
  /// Fills status, headline, evidence, needs; id and title are set by the caller.
  Result<CheckResult> (*examine)(Case& patient);
  /// Called where the check found a cause or a contribution. Null: there is nothing to prescribe.
  Result<std::optional<Fix>> (*prescribe)(Case& patient);
};

/// In the guide's order, most likely first.
[[nodiscard]] std::span<const CheckEntry> checks();

[[nodiscard]] Result<CheckResult> examine_not_quant(Case& patient);
[[nodiscard]] Result<std::optional<Fix>> prescribe_not_quant(Case& patient);
[[nodiscard]] Result<CheckResult> examine_tier(Case& patient);
[[nodiscard]] Result<std::optional<Fix>> prescribe_tier(Case& patient);
[[nodiscard]] Result<CheckResult> examine_kv_cache(Case& patient);
[[nodiscard]] Result<std::optional<Fix>> prescribe_kv_cache(Case& patient);
[[nodiscard]] Result<CheckResult> examine_architecture(Case& patient);
[[nodiscard]] Result<std::optional<Fix>> prescribe_architecture(Case& patient);
[[nodiscard]] Result<CheckResult> examine_calibration(Case& patient);
[[nodiscard]] Result<std::optional<Fix>> prescribe_calibration(Case& patient);
[[nodiscard]] Result<CheckResult> examine_provenance(Case& patient);
/// What the candidate calls its own mix, if it can be made without an importance matrix; else the
/// floor tier.
[[nodiscard]] std::string own_mix(const model::Checkpoint& candidate);
/// The baseline in the candidate's own mix: for a quant of another model, or a faulty file.
[[nodiscard]] Result<std::optional<Fix>> make_again(Case& patient);

/// Where the weights are another model's, what they lose is no measure of their tier: the baseline
/// in the candidate's own mix is. Sets the status of the check `tier` by it; classes and
/// calibration are then not blamed.
[[nodiscard]] Result<void> judge_tier_of_right_model(Case& patient, std::span<CheckResult> checks);

}  // namespace qualm::diagnose
