// The whole diagnosis as a function of facts: what they mean, or which fact is needed next.
#pragma once

#include <cstdint>

#include "diagnose/conclusion.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Pure: runs nothing and opens nothing. Call it again with what it wanted, until it answers. A
/// check that cannot be examined for want of something given is a status, no Wanted.
[[nodiscard]] Known<Diagnosis> diagnose(const Facts& facts);

/// Windows through a model that a stage takes as a rule, by what is known so far; for the time that
/// is left.
[[nodiscard]] std::int64_t usual_passes(Stage stage, const Facts& facts);

}  // namespace qualm::diagnose
