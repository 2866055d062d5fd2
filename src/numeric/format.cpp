#include "numeric/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace qualm::numeric {
namespace {

constexpr int kMostDecimals = 6;        // beyond, and from here on upwards, powers of ten are read
constexpr double kLargestPlain = 1e7;   // more easily than zeros
constexpr double kSmallestPlain = 0.1;  // 0.9999980 is read more easily than 9.999980e-1
constexpr int kDigitsWithoutInterval = 3;

/// 10^floor(log10 x) as an exponent, safe against log10's rounding at powers of ten.
int decimal_exponent(double x) {
  const std::string scientific = fmt::format("{:.15e}", x);
  return std::stoi(scientific.substr(scientific.find('e') + 1));
}

/// "3.0e-06" as "3.0e-6".
std::string short_exponent(std::string scientific) {
  const auto e = scientific.find('e');
  if (e == std::string::npos) return scientific;
  return fmt::format("{}e{}", scientific.substr(0, e), std::stoi(scientific.substr(e + 1)));
}

/// The value rounded to 10^-decimals, without a sign on zero.
std::string rounded(double value, int decimals) {
  const double unit = std::pow(10.0, -decimals);
  if (std::abs(value) < unit / 2) value = 0;
  if (value == 0)
    return fmt::format("{:.{}f}", 0.0, decimals > kMostDecimals ? 0 : std::max(decimals, 0));
  const bool small = std::abs(value) < kSmallestPlain;
  if ((decimals > kMostDecimals && small) || std::abs(value) >= kLargestPlain) {
    const int digits = std::clamp(decimal_exponent(value) + decimals, 0, 15);
    return short_exponent(fmt::format("{:.{}e}", value, digits));
  }
  if (decimals < 0) value = std::round(value / unit) * unit;
  return fmt::format("{:.{}f}", value, std::max(decimals, 0));
}

bool is_zero(const std::string& digits) {
  return digits.find_first_of("123456789") == std::string::npos;
}

std::string with_sign(std::string digits, double value, NumberStyle style) {
  if (style.change && value > 0 && !is_zero(digits)) digits.insert(digits.begin(), '+');
  return style.percent ? digits + " %" : digits;
}

std::string scaled(double value, std::initializer_list<const char*> prefixes, const char* suffix) {
  std::size_t step = 0;
  while (std::abs(value) >= 999.5 && step + 1 < prefixes.size()) value /= 1000, ++step;
  const int decimals = std::abs(value) < 10 ? 2 : std::abs(value) < 100 ? 1 : 0;
  std::string digits = fmt::format("{:.{}f}", value, decimals);
  if (decimals == 2 && digits.back() == '0') digits.pop_back();
  return fmt::format("{} {}{}", digits, prefixes.begin()[step], suffix);
}

}  // namespace

int supported_decimals(double half_width) {
  const int exponent = decimal_exponent(half_width);
  const double leading = half_width / std::pow(10.0, exponent);  // 1 to 10
  return leading < 3.55 ? 1 - exponent : -exponent;
}

std::string format_estimate(const Estimate& estimate, NumberStyle style) {
  const double scale = style.percent ? 100 : 1;
  const double half_width = scale * (estimate.high - estimate.low) / 2;
  if (!std::isfinite(half_width) || half_width <= 0) return format_value(estimate.value, style);
  const int decimals = supported_decimals(half_width);
  std::string value = with_sign(rounded(scale * estimate.value, decimals), estimate.value, style);
  if (!style.interval) return value;
  return fmt::format("{} [{}, {}]", value, rounded(scale * estimate.low, decimals),
                     rounded(scale * estimate.high, decimals));
}

std::string format_value(double value, NumberStyle style) {
  if (!std::isfinite(value)) return "not a number";
  const double shown = style.percent ? 100 * value : value;
  if (shown == 0) return with_sign("0", value, style);
  const double magnitude = std::abs(shown);
  const bool plain = magnitude >= 1e-3 && magnitude < kLargestPlain;
  std::string digits;
  if (plain && magnitude >= 1000) {
    digits = fmt::format("{:.0f}", shown);
  } else if (plain) {
    digits = fmt::format("{:.{}g}", shown, kDigitsWithoutInterval);
  } else {
    digits = short_exponent(fmt::format("{:.{}g}", shown, kDigitsWithoutInterval));
  }
  return with_sign(std::move(digits), value, style);
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes < 1000 && bytes > -1000) return fmt::format("{} B", bytes);
  return scaled(static_cast<double>(bytes), {"", "k", "M", "G", "T"}, "B");
}

std::string format_count(std::int64_t count) {
  if (count < 10'000 && count > -10'000) return fmt::format("{}", count);
  return scaled(static_cast<double>(count), {"", "k", "M", "B", "T"}, "");
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  const auto minutes = static_cast<std::int64_t>(std::min(seconds / 60 + 0.5, 1e9));
  if (minutes < 120) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace qualm::numeric
