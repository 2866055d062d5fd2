// Small number formats to float32 and back. Every conversion to float32 is exact, F64 and wide
// integers excepted; NaN payloads of F16 and BF16 are kept.
//
//   format  sign exponent mantissa bias   all-ones exponent means
//   F16      1      5        10     15    infinity, NaN
//   BF16     1      8         7    127    infinity, NaN
//   E5M2     1      5         2     15    infinity, NaN
//   E4M3     1      4         3      7    numbers; only S.1111.111 is NaN (no infinity)
//   E5M2FNUZ 1      5         2     16    numbers; 0x80 is the only NaN (no infinity, no -0)
//   E4M3FNUZ 1      4         3      8    the same
//   E2M1     1      2         1      1    numbers: 0 .5 1 1.5 2 3 4 6
//   E8M0     0      8         0    127    2^(byte-127); 255 is NaN (OCP Microscaling Formats v1.0)
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "codec/part.h"

namespace qualm::codec {

[[nodiscard]] constexpr float float_from_half(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const std::uint32_t rest = half & 0x7fffu;
  if (rest >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (rest << 13));
  // Exponent and mantissa moved to their places are the value times 2^(15-127), subnormals
  // included.
  const float magnitude = std::bit_cast<float>(rest << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

[[nodiscard]] constexpr float float_from_bf16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Round to nearest, ties to even, subnormals included; too large becomes infinity.
[[nodiscard]] std::uint16_t half_from_float(float value) noexcept;
[[nodiscard]] std::uint16_t bf16_from_float(float value) noexcept;
[[nodiscard]] inline float round_to_half(float value) noexcept {
  return float_from_half(half_from_float(value));
}

/// Values of the 256 patterns of an 8-bit float: dtype is one of kF8E4M3, kF8E5M2, kF8E4M3Fnuz,
/// kF8E5M2Fnuz, kF8E8M0.
[[nodiscard]] const std::array<float, 256>& f8_values(Dtype dtype) noexcept;

inline constexpr std::array<float, 16> kE2M1Values{0.0f,  0.5f,  1.0f,  1.5f,  2.0f,  3.0f,
                                                   4.0f,  6.0f,  -0.0f, -0.5f, -1.0f, -1.5f,
                                                   -2.0f, -3.0f, -4.0f, -6.0f};

/// Whether decode_numbers reads it: floats of 8 bits and more, and integers.
[[nodiscard]] bool is_number(Dtype dtype) noexcept;

/// Elements [first, first + count) as float32. Requires is_number(part.dtype) and the range inside.
void decode_numbers(const Part& part, std::int64_t first, std::int64_t count, float* out) noexcept;

}  // namespace qualm::codec
