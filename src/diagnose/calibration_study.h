// Whether a calibration serves the user's text: domains, the calibration-free counterpart, and what
// another calibration would give.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "diagnose/case.h"
#include "diagnose/lines.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

/// Windows of each text that the study reads; what proves a remedy on a further text comes after.
inline constexpr std::int32_t kMostDomainWindows = 24;

struct DomainFinding {
  Domain domain;
  std::size_t text = 0;  ///< of the Lab
  numeric::Metric kld;
  numeric::Metric free_kld;
  Side harm = Side::not_separated;  ///< of the candidate's weights on this text
  /// 1 - free/candidate: what plain rounding would take away; negative where calibration helps. The
  /// intervals of all domains hold together with 95 %, and so do those of the interactions.
  std::optional<numeric::Estimate> over_free;
  /// ln(kld/kld_prose) of the candidate less that of the counterpart; absent for prose itself.
  std::optional<numeric::Estimate> interaction;
};

/// Another way to make the candidate at the same bits, on the user's text.
struct Alternative {
  Weights weights;
  std::string says;                       ///< "calibrated on code", "plain rounding"
  std::optional<numeric::Estimate> gain;  ///< share of the candidate's kld that goes away
  Side harm = Side::not_separated;
};

struct CalibrationStudy {
  std::string not_possible;   ///< why there is no counterpart; empty where there is one
  bool uncalibrated = false;  ///< the candidate is its counterpart, bit for bit, or of a scheme
                              ///< that looks at the weights alone
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

/// The first encoding of which the calibration-free counterpart cannot be made.
[[nodiscard]] std::optional<std::string> no_counterpart(const model::Checkpoint& candidate);

/// Reads at most 24 windows of each text. Precondition: patient.paired().
[[nodiscard]] Result<CalibrationStudy> study_calibration(Case& patient);

}  // namespace qualm::diagnose
