// What to do about the findings, each remedy re-measured on top of those before it.
#pragma once

#include <vector>

#include "diagnose/conclusion.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// In the order in which they are to be followed: first the right model, then how it is made. All
/// are proved together, on windows that chose nothing and calibrate nothing; where there are none,
/// on the selection windows. Precondition: facts.runs().
[[nodiscard]] Known<std::vector<Remedy>> remedies_for(const Facts& facts,
                                                      const std::vector<Finding>& findings);

}  // namespace qualm::diagnose
