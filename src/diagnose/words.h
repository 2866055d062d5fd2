// Measured figures as the sentences and evidence of a check.
#pragma once

#include <string>

#include "compare/rounding.h"
#include "diagnose/diagnosis.h"
#include "evaluate/measurement.h"

namespace qualm::diagnose {

/// "ppl +6.4 % [5.8, 7.0]   kld 0.0573 [0.0566, 0.0581]"
[[nodiscard]] std::string loss_in_words(const evaluate::Measurement& measurement);

/// One metric of a measurement as evidence; `says` introduces it ("Candidate weights, F16 cache").
[[nodiscard]] Evidence metric_evidence(const std::string& name,
                                       const evaluate::Measurement& measurement,
                                       const std::string& metric, const std::string& says);

/// "All matrices: rounded by 29 % [23, 32] of their root mean square, estimated from the steps in
/// the file", or why there is no estimate. `says` introduces it.
[[nodiscard]] Evidence rounding_evidence(const std::string& name, const compare::Rounding& rounding,
                                         const std::string& says);

[[nodiscard]] Evidence fact(const std::string& name, const std::string& says);

}  // namespace qualm::diagnose
