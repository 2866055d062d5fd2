// The whole examination: explore, check by check, attribute, prescribe, prove.
#pragma once

#include "base/error.h"
#include "diagnose/case.h"
#include "diagnose/diagnosis.h"

namespace qualm::diagnose {

/// Everything a diagnosis needs of the outside is in `patient` (files) and `lab` (runs); `lab` may
/// be null. A check that fails for want of something is a status; an Error is a failed engine or a
/// stop.
[[nodiscard]] Result<Diagnosis> diagnose(Case& patient);

}  // namespace qualm::diagnose
