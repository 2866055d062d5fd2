#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace qualm {
namespace {

/// Three significant digits, without zeros that say nothing: 5.82, 11.6, 657.
std::string three_digits(double value) {
  // The limits are where the coarser form begins after rounding, so that 9.999 is "10.0".
  if (value < 9.995) return fmt::format("{:.2f}", value);
  if (value < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

template <std::size_t N>
std::string scaled(std::uint64_t number, const std::array<std::string_view, N>& units) {
  auto value = static_cast<double>(number);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < N) {
    value /= 1000;
    ++unit;
  }
  const std::string digits = unit == 0 ? fmt::format("{}", number) : three_digits(value);
  return units[unit].empty() ? digits : fmt::format("{} {}", digits, units[unit]);
}

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  return scaled(bytes, std::array<std::string_view, 6>{"B", "kB", "MB", "GB", "TB", "PB"});
}

std::string count_text(std::uint64_t count) {
  return scaled(count, std::array<std::string_view, 5>{"", "k", "M", "B", "T"});
}

std::string duration_text(std::chrono::duration<double> duration) {
  const double seconds = std::max(0.0, duration.count());
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  const std::int64_t minutes = (whole + 30) / 60;
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

std::string grouped(std::uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (std::size_t from_right = 3; from_right < digits.size(); from_right += 4)
    digits.insert(digits.size() - from_right, ",");
  return digits;
}

}  // namespace qualm
