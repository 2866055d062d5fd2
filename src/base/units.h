// Numbers for people: the one place that turns a bare number into text.
//
// Sizes and counts are decimal (1 MB = 10^6 bytes), as file managers and model pages state them.
// A number with an interval is written by numeric/format.h, which builds on this.
#pragma once

#include <cstdint>
#include <string>

namespace qualm {

/// How a quantity is shown.
struct NumberStyle {
  bool percent = false;  ///< a fraction, shown times 100 with " %"
  bool change = false;   ///< a plus sign before a positive value (not inside the brackets)
  bool interval = true;  ///< the interval in brackets; without it the digits are the same
};

/// From here on upwards powers of ten are read more easily than zeros: 1e7, not 10000000.
inline constexpr double kLargestPlain = 1e7;

/// A value whose interval is not known or not wanted: at most three significant digits, whole from
/// 1000 on, "3e-6" below 0.0001. "not a number" for NaN and infinities.
[[nodiscard]] std::string format_value(double value, NumberStyle style = {});

/// "3.4 MB": two to four significant digits, "512 B" below 1000.
[[nodiscard]] std::string format_bytes(std::int64_t bytes);

/// "5.8 M", "1.24 B" (10^9): weights or tokens. All digits below 10,000.
[[nodiscard]] std::string format_count(std::int64_t count);

/// "340 ms", "4.2 s", "94 s", "12 min", "3 h 5 min". "unknown" below 0 and where not finite.
[[nodiscard]] std::string format_seconds(double seconds);

/// All digits, in groups of three: "9,223,372,036,854,775,807".
[[nodiscard]] std::string grouped(std::uint64_t number);

/// `digits` of `value` with the sign and the unit that `style` asks for. Zero has no sign.
[[nodiscard]] std::string with_sign(std::string digits, double value, NumberStyle style);

/// "3.0e-06" as "3.0e-6"; text without an exponent as it is.
[[nodiscard]] std::string short_exponent(const std::string& scientific);

}  // namespace qualm
