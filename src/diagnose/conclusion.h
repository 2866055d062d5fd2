// What the findings mean together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnose/attribution.h"
#include "diagnose/checks.h"
#include "diagnose/finding.h"
#include "evaluate/metrics.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

/// A remedy with its proof.
struct Remedy {
  CheckId cause{};      ///< the check it answers
  std::string name;     ///< "Q4_K_M", "a q8_0/q4_0 cache": what to use instead
  std::string command;  ///< to paste into a shell, or the options to give to the runtime
  std::string effect;   ///< "weights from 3.4 MB to 4.6 MB"
  std::optional<std::int64_t> bytes = std::nullopt;  ///< of the file or cache after
  /// The metrics that tables show, on the windows of the proof; null where there was none.
  std::optional<evaluate::Metrics> before = std::nullopt;
  std::optional<evaluate::Metrics> after = std::nullopt;
  std::int64_t windows = 0;  ///< of the proof
  bool holdout = false;      ///< none of them was used to choose the remedy
  /// Of what is acceptable, with this remedy and those before it. Not below: better, no more.
  Side line = Side::not_separated;
};

struct Conclusion {
  Verdict verdict = Verdict::cannot_tell;
  std::optional<CheckId> principal = std::nullopt;  ///< the one cause; absent where there is none
  std::optional<Loss> loss = std::nullopt;          ///< of the candidate as it is run
  bool separated = true;  ///< the shares of the two largest causes do not span each other
};

/// The answer.
struct Diagnosis {
  std::string evidence_level;          ///< L0, L1, L2, L3, L3+
  std::vector<Finding> findings = {};  ///< one for each check, in order; statuses as concluded
  Conclusion conclusion = {};
  std::vector<Remedy> remedies = {};
  std::vector<probe::Symptom> symptoms = {};
  /// What the user asked for and the original shows as often.
  std::optional<probe::Symptom> shared_symptom = std::nullopt;
};

/// What is known beside the findings.
struct Overall {
  std::optional<Attribution> attribution = std::nullopt;
  Loss loss = {};  ///< of the candidate as run, all factors together
  bool paired = false;
};

/// Names the principal cause and the contributing ones, and the verdict. Sets shares and statuses
/// of the findings; nothing else does.
///
/// One cause at most is the principal one. Weights of another model come before what their bits
/// lose, a fault of the files before all, unless it changes prompts alone (Effect::prompts): that
/// yields to a measured loss. Among quant type, cache and classes the largest share decides, and
/// where there are no shares, the order of the checks.
[[nodiscard]] Conclusion conclude(std::vector<Finding>& findings, const Overall& overall);

}  // namespace qualm::diagnose
