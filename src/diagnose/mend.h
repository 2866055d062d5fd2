// Which change of a key makes the candidate's metadata the original's, and the command that does.
#pragma once

#include <string>
#include <vector>

#include "diagnose/checks.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// The `qualm repair` command that makes the candidate's keys the original's. Absent if the
/// candidate is no GGUF, if no fault has a `mend`, or if a fault with Effect::weights has none.
[[nodiscard]] std::optional<Fix> repair_of(const Given& given, const std::vector<Fault>& faults);

}  // namespace qualm::diagnose
