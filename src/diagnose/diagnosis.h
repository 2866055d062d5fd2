// The answer: each check of the guide with its evidence, and the remedies with their proof.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "numeric/estimate.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

enum class Status { cause, contributes, cleared, not_examined, cannot_tell };
[[nodiscard]] std::string_view to_string(Status status) noexcept;

struct Evidence {
  std::string name;  ///< machine name: "kld_mean", "bits_per_weight"
  std::optional<numeric::Estimate> value;
  std::string unit;
  std::string says;  ///< one sentence for a person, with the numbers in it
};

struct CheckResult {
  std::string id;     ///< not_quant, tier, kv_cache, architecture, calibration, provenance
  std::string title;  ///< "Tier too aggressive"
  Status status = Status::not_examined;
  std::optional<numeric::Estimate> share;  ///< of the excess kld, 0..1
  std::string headline;                    ///< one line for the table
  std::vector<Evidence> evidence;
  std::vector<std::string> needs;  ///< what would have to be given to examine it, or to tell
  bool yields = false;     ///< a cause only where no loss was measured: a chat template, a symptom
                           ///< that the baseline has too. Not in the report.
  bool confounds = false;  ///< a fault of which the loss of the weights cannot be told apart: a
                           ///< damaged tensor, another rope base. Not in the report.
  bool not_rounded = false;  ///< something that rounding the baseline, calibrated or not, does not
                             ///< leave: other norms, errors of many steps. Not in the report.
};

struct Remedy {
  std::string cause;    ///< id of the check it answers
  std::string command;  ///< to paste into a shell, or the option to give to the runtime
  std::string effect;   ///< "3.4 MB to 4.6 MB; kld 0.0571 to 0.0051"
  std::optional<std::int64_t> bytes;  ///< of the file or cache after
  std::map<std::string, numeric::Metric>
      before;  ///< ppl_change, kld_mean, same_top on fresh windows
  std::map<std::string, numeric::Metric> after;
  std::int64_t windows = 0;  ///< windows of the re-measurement
  bool fresh = false;        ///< none of them was used to choose the remedy
};

struct Diagnosis {
  std::string evidence_level;  ///< L0, L1, L2, L3, L3+
  std::vector<CheckResult> checks;
  std::string principal_cause;  ///< id, or "" where there is none
  std::string verdict;          ///< healthy, problem, cannot_tell
  std::string summary;          ///< one sentence for a person
  std::vector<Remedy> remedies;
  std::vector<probe::Symptom> symptoms = {};  ///< what was looked for in the texts it wrote
};

}  // namespace qualm::diagnose
