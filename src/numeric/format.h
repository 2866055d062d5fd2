// Estimates for people: as many digits as their interval supports, and no more. Numbers without an
// interval are written by base/units.h.
#pragma once

#include <string>

#include "base/units.h"
#include "numeric/estimate.h"

namespace qualm::numeric {

/// The decimal place (1: tenths, -1: tens) to which an interval of this half-width > 0 lets its
/// centre be given: two digits of the half-width where they are 10 to 35, else one. (Rounding rule
/// of the Particle Data Group, Review of Particle Physics 2022, 5.3.)
[[nodiscard]] int supported_decimals(double half_width);

/// "+6.4 % [5.8, 7.0]", "0.0573 [0.0566, 0.0581]"; all three to the same place. format_value where
/// the interval is a point or not finite.
[[nodiscard]] std::string format_estimate(const Estimate& estimate, NumberStyle style = {});

}  // namespace qualm::numeric
