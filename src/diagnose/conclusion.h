// What the findings mean together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnose/attribution.h"
#include "diagnose/checks.h"
#include "diagnose/finding.h"
#include "diagnose/ladder.h"
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
  /// The loss with this remedy and those before it, against the acceptable loss. If it is not
  /// below, they are not certainly enough.
  Side line = Side::not_separated;
};

struct Conclusion {
  Verdict verdict = Verdict::cannot_tell;
  std::optional<CheckId> principal = std::nullopt;  ///< the one cause; absent where there is none
  std::optional<Loss> loss = std::nullopt;          ///< of the candidate as it is run
  /// The interval of the difference of the two largest shares does not span 0; true with fewer than
  /// two shares of causes.
  bool separated = true;
  /// The loss is estimated for want of an original: a cause that rests on it is likely, not
  /// certain.
  bool estimated = false;
};

/// The answer.
struct Diagnosis {
  std::string evidence_level;          ///< L0, L1, L2, L3, L3+
  std::vector<Finding> findings = {};  ///< one for each check, in order; statuses as concluded
  Conclusion conclusion = {};
  std::vector<Remedy> remedies = {};
  std::optional<Ladder> ladder = std::nullopt;  ///< where an original was run
  std::vector<probe::Symptom> symptoms = {};
  /// What the user asked for and the original shows as often.
  std::optional<probe::Symptom> shared_symptom = std::nullopt;
};

/// What is known beside the findings.
struct Overall {
  std::optional<Attribution> attribution = std::nullopt;
  Loss loss = {};  ///< of the candidate as run, all factors together
  bool paired = false;
  bool estimated = false;  ///< for want of an original
};

/// Names the principal cause and the contributing ones, and the verdict. Sets shares and statuses
/// of the findings; nothing else does.
///
/// At most one cause is the principal one. The first of these that is a cause:
///  1. a fault of the files that changes the loss (not Effect::prompts alone);
///  2. weights of another model;
///  3. of quant type, cache and class the one with the largest share; without shares, and for
///     calibration, the order of the checks;
///  4. a fault of the files that changes prompts alone.
[[nodiscard]] Conclusion conclude(std::vector<Finding>& findings, const Overall& overall);

}  // namespace qualm::diagnose
