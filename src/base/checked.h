// Arithmetic on numbers that a file claims: overflow is an answer, not an accident.
#pragma once

#include <concepts>
#include <optional>

namespace qualm {

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_add(T a, T b) noexcept {
  T sum{};
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::integral T>
[[nodiscard]] constexpr std::optional<T> checked_multiply(T a, T b) noexcept {
  T product{};
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

/// value rounded up to a multiple of alignment (> 0).
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> checked_round_up(T value, T alignment) noexcept {
  const T rest = static_cast<T>(value % alignment);
  return rest == 0 ? std::optional<T>(value) : checked_add(value, static_cast<T>(alignment - rest));
}

}  // namespace qualm
