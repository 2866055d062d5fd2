// What is true of a clinic's patient, measured on windows that its diagnosis did not read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/clinic_patients.h"
#include "diagnose/attribution.h"
#include "diagnose/case.h"
#include "diagnose/lines.h"
#include "report/report.h"

namespace qualm::app {

struct ClinicTruth {
  diagnose::Side harm = diagnose::Side::not_separated;  ///< of the patient as run
  /// Of check 2 on these windows; absent where the cache is not quantized.
  std::optional<diagnose::Status> cache;
  std::optional<diagnose::Shares> shares;  ///< the full factorial, where the diagnosis had one
  std::int64_t windows = 0;                ///< 0: the text had none left, or nothing could be run
};

/// Precondition: `examined` was diagnosed as `found`. The lines are those of the diagnosis: they
/// define what matters; what is measured against them is new.
[[nodiscard]] Result<ClinicTruth> measure_truth(diagnose::Case& examined,
                                                const diagnose::Diagnosis& found);

/// Fills what was put in, what is right, what was found, missed and falsely named, and the shares.
[[nodiscard]] report::ClinicPatient judge(const ClinicPatient& patient, const ClinicTruth& truth,
                                          const diagnose::Diagnosis& found);

}  // namespace qualm::app
