// A number and what is known about it.
#pragma once

#include <optional>
#include <string>

namespace qualm::numeric {

/// A value with its 95 % interval (where a call says no other level); low <= value <= high.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// The product of two that are not negative: what it is whichever values in the intervals are true.
[[nodiscard]] constexpr Estimate product(const Estimate& a, const Estimate& b) noexcept {
  return {a.value * b.value, a.low * b.low, a.high * b.high};
}

/// An estimate with its unit, or the reason why there is none. Never 0 or NaN for "unknown".
struct Metric {
  std::optional<Estimate> estimate;
  std::string unit;    ///< "nat/token", "1", "fraction"
  std::string absent;  ///< why there is no estimate; empty where there is one
  /// Of a mean over windows: the value, and the lowest and highest mean of one window as low and
  /// high. They are no 95 % interval. With too few windows for an interval, only this is known.
  std::optional<Estimate> range = std::nullopt;
};

}  // namespace qualm::numeric
