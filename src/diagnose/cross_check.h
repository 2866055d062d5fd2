// A part of check 0: does the user's device compute what the CPU does?
#pragma once

#include "diagnose/facts.h"
#include "diagnose/finding.h"
#include "diagnose/wanted.h"

namespace qualm::diagnose {

/// With --cross-check: a line for each model that ran on both; a fault where the difference alone
/// is certainly over the smallest threshold of a loss, or where the device gives NaN.
[[nodiscard]] Known<void> add_cross_check(const Facts& facts, Finding& finding);

}  // namespace qualm::diagnose
