#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <string_view>

namespace qualm {
namespace {

/// Three significant digits, one zero at the end left out: 5.82, 3.4, 11.6, 657. The limits are
/// where the coarser form begins after rounding, so that 99.96 is "100", not "100.0".
std::string three_digits(double value) {
  const double size = std::abs(value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  std::string digits = fmt::format("{:.2f}", value);
  if (digits.back() == '0') digits.pop_back();
  return digits;
}

/// Divided by 1000 as often as there are units for it.
std::string scaled(double value, std::span<const std::string_view> units) {
  std::size_t unit = 0;
  while (std::abs(value) >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  return fmt::format("{} {}", three_digits(value), units[unit]);
}

bool is_zero(std::string_view digits) {
  return digits.find_first_of("123456789") == std::string_view::npos;
}

}  // namespace

std::string with_sign(std::string digits, double value, NumberStyle style) {
  if (style.change && value > 0 && !is_zero(digits)) digits.insert(digits.begin(), '+');
  return style.percent ? digits + " %" : digits;
}

std::string short_exponent(const std::string& scientific) {
  const auto e = scientific.find('e');
  if (e == std::string::npos) return scientific;
  return fmt::format("{}e{}", scientific.substr(0, e), std::stoi(scientific.substr(e + 1)));
}

std::string format_value(double value, NumberStyle style) {
  if (!std::isfinite(value)) return "not a number";
  const double shown = style.percent ? 100 * value : value;
  if (shown == 0) return with_sign("0", value, style);
  const double size = std::abs(shown);
  // What rounds to four digits or more is whole: "{:.3g}" would make 999.96 "1e+03".
  const bool whole = size >= 999.5 && size < kLargestPlain - 0.5;
  std::string digits =
      whole ? fmt::format("{:.0f}", shown) : short_exponent(fmt::format("{:.3g}", shown));
  return with_sign(std::move(digits), value, style);
}

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000 && bytes > -1000) return fmt::format("{} B", bytes);
  return scaled(static_cast<double>(bytes), kUnits);
}

std::string format_count(std::int64_t count) {
  constexpr std::array<std::string_view, 5> kUnits{"", "k", "M", "B", "T"};
  if (count < 10'000 && count > -10'000) return fmt::format("{}", count);
  return scaled(static_cast<double>(count), kUnits);
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  if (seconds < 119.5) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(std::min(seconds / 60 + 0.5, 1e9));
  if (minutes < 120) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t from_right = 3; from_right < digits.size(); from_right += 4)
    digits.insert(digits.size() - from_right, ",");
  return digits;
}

}  // namespace qualm
