#include "codec/numbers.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "codec/bits.h"

namespace qualm::codec {
namespace {

enum class Specials { ieee, fn, fnuz };

consteval float power_of_two(int exponent) {
  float value = 1;
  for (; exponent > 0; --exponent) value *= 2;
  for (; exponent < 0; ++exponent) value /= 2;
  return value;
}

template <int kExponentBits, int kMantissaBits, int kBias, Specials kSpecials>
consteval std::array<float, 256> make_f8() {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr unsigned kTopExponent = (1u << kExponentBits) - 1;
  std::array<float, 256> values{};
  for (unsigned pattern = 0; pattern < 256; ++pattern) {
    const unsigned mantissa = pattern & ((1u << kMantissaBits) - 1);
    const unsigned exponent = (pattern >> kMantissaBits) & kTopExponent;
    // A subnormal is the mantissa alone at the exponent of the smallest normal.
    float value = static_cast<float>(exponent == 0 ? mantissa : mantissa | (1u << kMantissaBits));
    for (unsigned e = 1; e < exponent; ++e) value *= 2;
    value *= power_of_two(1 - kBias - kMantissaBits);
    const bool all_ones = exponent == kTopExponent;
    if (kSpecials == Specials::ieee && all_ones) value = mantissa == 0 ? kInfinity : kNaN;
    if (kSpecials == Specials::fn && all_ones && mantissa == (1u << kMantissaBits) - 1)
      value = kNaN;
    if (kSpecials == Specials::fnuz && pattern == 0x80) value = kNaN;
    values[pattern] = pattern < 0x80 ? value : -value;
  }
  return values;
}

consteval std::array<float, 256> make_e8m0() {
  std::array<float, 256> values{};
  values[0] = power_of_two(-127);
  for (unsigned i = 1; i < 255; ++i) values[i] = std::bit_cast<float>(i << 23);
  values[255] = std::numeric_limits<float>::quiet_NaN();
  return values;
}

constexpr auto kE4M3 = make_f8<4, 3, 7, Specials::fn>();
constexpr auto kE5M2 = make_f8<5, 2, 15, Specials::ieee>();
constexpr auto kE4M3Fnuz = make_f8<4, 3, 8, Specials::fnuz>();
constexpr auto kE5M2Fnuz = make_f8<5, 2, 16, Specials::fnuz>();
constexpr auto kE8M0 = make_e8m0();

template <class T, class Convert>
void convert(const std::byte* data, std::int64_t count, float* out, Convert to_float) noexcept {
  for (std::int64_t i = 0; i < count; ++i) out[i] = to_float(load<T>(data, i));
}

template <class T>
void cast(const std::byte* data, std::int64_t count, float* out) noexcept {
  convert<T>(data, count, out, [](T value) { return static_cast<float>(value); });
}

}  // namespace

std::uint16_t half_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
  const std::uint32_t rest = bits & 0x7fffffffu;
  if (rest > 0x7f800000u)  // NaN: the upper payload, never an infinity
    return static_cast<std::uint16_t>(sign | 0x7e00u | ((rest >> 13) & 0x3ffu));
  if (rest >= 0x477ff000u) return static_cast<std::uint16_t>(sign | 0x7c00u);  // >= 65520
  if (rest < 0x38800000u) {
    // Below 2^-14 the unit is 2^-24: adding 0.5, whose unit is 2^-24, rounds in hardware.
    const float shifted = std::bit_cast<float>(rest) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u));
  }
  const std::uint32_t odd = (rest >> 13) & 1u;
  return static_cast<std::uint16_t>(sign | ((rest - 0x38000000u + 0xfffu + odd) >> 13));
}

std::uint16_t bf16_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((bits >> 16) | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

const std::array<float, 256>& f8_values(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kF8E5M2:
      return kE5M2;
    case Dtype::kF8E4M3Fnuz:
      return kE4M3Fnuz;
    case Dtype::kF8E5M2Fnuz:
      return kE5M2Fnuz;
    case Dtype::kF8E8M0:
      return kE8M0;
    default:
      return kE4M3;
  }
}

bool is_number(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kBool:
    case Dtype::kF4:
    case Dtype::kF6E2M3:
    case Dtype::kF6E3M2:
    case Dtype::kC64:
      return false;
    default:
      return true;
  }
}

void decode_numbers(const Part& part, std::int64_t first, std::int64_t count, float* out) noexcept {
  const std::byte* data = part.bytes.data() + first * (dtype_bits(part.dtype) / 8);
  switch (part.dtype) {
    case Dtype::kF32:
      return cast<float>(data, count, out);
    case Dtype::kF64:
      return cast<double>(data, count, out);
    case Dtype::kF16:
      return convert<std::uint16_t>(data, count, out, float_from_half);
    case Dtype::kBF16:
      return convert<std::uint16_t>(data, count, out, float_from_bf16);
    case Dtype::kU8:
      return cast<std::uint8_t>(data, count, out);
    case Dtype::kI8:
      return cast<std::int8_t>(data, count, out);
    case Dtype::kU16:
      return cast<std::uint16_t>(data, count, out);
    case Dtype::kI16:
      return cast<std::int16_t>(data, count, out);
    case Dtype::kU32:
      return cast<std::uint32_t>(data, count, out);
    case Dtype::kI32:
      return cast<std::int32_t>(data, count, out);
    case Dtype::kU64:
      return cast<std::uint64_t>(data, count, out);
    case Dtype::kI64:
      return cast<std::int64_t>(data, count, out);
    default: {
      const auto& values = f8_values(part.dtype);
      return convert<std::uint8_t>(data, count, out, [&](std::uint8_t i) { return values[i]; });
    }
  }
}

}  // namespace qualm::codec
