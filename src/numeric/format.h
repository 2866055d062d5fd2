// Numbers for people: as many digits as their interval supports, and no more.
#pragma once

#include <cstdint>
#include <string>

#include "numeric/estimate.h"

namespace qualm::numeric {

/// How a quantity is shown.
struct NumberStyle {
  bool percent = false;  ///< a fraction, shown times 100 with " %"
  bool change = false;   ///< a plus sign before a positive value (not inside the brackets)
  bool interval = true;  ///< the interval in brackets; without it the digits are the same
};

/// The decimal place (1: tenths, -1: tens) to which an interval of this half-width > 0 lets its
/// centre be given: two digits of the half-width where they are 10 to 35, else one. (Rounding rule
/// of the Particle Data Group, Review of Particle Physics 2022, 5.3.)
[[nodiscard]] int supported_decimals(double half_width);

/// "+6.4 % [5.8, 7.0]", "0.0573 [0.0566, 0.0581]"; all three to the same place.
[[nodiscard]] std::string format_estimate(const Estimate& estimate, NumberStyle style = {});

/// A value whose interval is not known or not wanted: three significant digits, "3e-6" where small.
[[nodiscard]] std::string format_value(double value, NumberStyle style = {});

/// "3.4 MB": powers of 1000, two to four significant digits; "512 B".
[[nodiscard]] std::string format_bytes(std::int64_t bytes);

/// "5.8 M", "1.24 B": counts of weights; below 10,000 all digits.
[[nodiscard]] std::string format_count(std::int64_t count);

/// "4 s", "12 min", "3 h 5 min".
[[nodiscard]] std::string format_seconds(double seconds);

}  // namespace qualm::numeric
