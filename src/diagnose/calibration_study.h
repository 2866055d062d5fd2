// Whether a calibration serves the user's text: domains, round-to-nearest, and what
// another calibration would give.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnose/facts.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

struct DomainFinding {
  Domain domain;
  std::size_t text = 0;  ///< of the experiment::Experiment
  numeric::Metric kld;
  numeric::Metric rtn_kld;
  Side harm = Side::not_separated;       ///< of the candidate's weights on this text
  Side excessive = Side::not_separated;  ///< as in Loss, on this text
  /// 1 - kld(round-to-nearest) / kld(candidate): the share that goes away without calibration;
  /// negative where calibration helps. The intervals of all domains hold together with
  /// kCheckConfidence (99.17 %), and so do those of all interactions.
  std::optional<numeric::Estimate> over_rtn;
  /// ln(kld / kld on prose) of the candidate less that of its round-to-nearest; absent for prose.
  std::optional<numeric::Estimate> interaction;
};

/// Another way to make the candidate at the same bits, on the user's text.
struct Alternative {
  Weights weights;
  std::string says;                       ///< "calibrated on code", "rounded to nearest"
  std::optional<numeric::Estimate> gain;  ///< share of the candidate's kld that goes away
  Side harm = Side::not_separated;
};

struct CalibrationStudy {
  std::string not_possible;   ///< why there is no counterpart; empty where there is one
  bool uncalibrated = false;  ///< the candidate is its own round-to-nearest, bit for bit, or of a
                              ///< scheme that looks at the weights alone
  bool substituted = false;   ///< some types of the counterpart are Q2_K for want of a matrix
  std::vector<DomainFinding> domains;
  /// The user's domain on which the calibration is suspect, and what was tried there.
  std::optional<std::size_t> suspect;  ///< index into domains
  std::vector<Alternative> alternatives;

  /// The alternative that certainly takes away a tenth of the loss or more, the best of them; null
  /// where the loss on that domain is within the lines.
  [[nodiscard]] const Alternative* better() const noexcept;
  /// On the first text, the candidate would pass at its bits with that alternative.
  [[nodiscard]] bool explains() const noexcept;
};

/// The first encoding of which round-to-nearest cannot be made.
[[nodiscard]] std::optional<std::string> no_counterpart(const model::Checkpoint& candidate);

/// Reads at most kMostDomain windows of each text. Precondition: facts.swaps().
[[nodiscard]] Known<CalibrationStudy> study_calibration(const Facts& facts);

}  // namespace qualm::diagnose
