#include "numeric/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qualm::numeric {
namespace {

constexpr int kMostDecimals = 6;        // with more of them powers of ten are read more easily, but
constexpr double kSmallestPlain = 0.1;  // 0.9999980 is read more easily than 9.999980e-1

/// 10^floor(log10 x) as an exponent, safe against log10's rounding at powers of ten.
int decimal_exponent(double x) {
  const std::string scientific = fmt::format("{:.15e}", x);
  return std::stoi(scientific.substr(scientific.find('e') + 1));
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

}  // namespace qualm::numeric
