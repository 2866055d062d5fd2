// The whole diagnosis as a function of facts: what they mean, or which fact is needed next.
#pragma once

#include "diagnose/conclusion.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Pure: runs nothing and opens nothing. Call it again with what it wanted, until it answers. A
/// check that cannot be examined for want of something given is a status, no Wanted.
[[nodiscard]] Known<Diagnosis> diagnose(const Facts& facts);

}  // namespace qualm::diagnose
