// Which change of a key makes the candidate's metadata the original's, and the command that does.
#pragma once

#include <string>
#include <vector>

#include "diagnose/checks.h"

namespace qualm::diagnose {

/// `qualm repair` of the candidate, where it is a GGUF and that mends what the files differ in:
/// absent where a fault with which the weights are run would stay.
[[nodiscard]] std::optional<Fix> repair_of(const Given& given, const std::vector<Fault>& faults);

}  // namespace qualm::diagnose
