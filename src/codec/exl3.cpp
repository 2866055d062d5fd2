#include "codec/exl3.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/bits.h"
#include "codec/numbers.h"

namespace qualm::codec {
namespace {

constexpr std::int64_t kTile = 16;
constexpr std::int64_t kHadamard = 128;  // of the Hadamard transforms

/// In place, natural order, without the factor: 128 values at values[0], values[stride], ...
void hadamard(float* values, std::int64_t stride) noexcept {
  for (std::int64_t half = 1; half < kHadamard; half *= 2) {
    for (std::int64_t i = 0; i < kHadamard; i += 2 * half) {
      for (std::int64_t j = i; j < i + half; ++j) {
        float& a = values[j * stride];
        float& b = values[(j + half) * stride];
        const float sum = a + b;
        b = a - b;
        a = sum;
      }
    }
  }
}

class Exl3Rows {
 public:
  Exl3Rows(Exl3Parts parts, int bits, std::int64_t inputs)
      : parts_(std::move(parts)), bits_(bits), inputs_(inputs) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    std::vector<float> in_scale(static_cast<std::size_t>(parts_.suh.elements()));
    std::vector<float> out_scale(static_cast<std::size_t>(parts_.svh.elements()));
    decode_numbers(parts_.suh, 0, parts_.suh.elements(), in_scale.data());
    decode_numbers(parts_.svh, 0, parts_.svh.elements(), out_scale.data());
    QUALM_CHECK(expect_finite(parts_.suh, in_scale, 0));
    QUALM_CHECK(expect_finite(parts_.svh, out_scale, 0));
    std::vector<float> block(kHadamard * kHadamard);
    for (std::int64_t nb = first / kHadamard; nb * kHadamard < first + count; ++nb) {
      const std::int64_t begin = std::max(first, nb * kHadamard);
      const std::int64_t end = std::min(first + count, (nb + 1) * kHadamard);
      for (std::int64_t kb = 0; kb * kHadamard < inputs_; ++kb) {
        decode_block(kb, nb, block.data());
        const std::int64_t columns = std::min(kHadamard, inputs_ - kb * kHadamard);
        for (std::int64_t n = begin; n < end; ++n) {
          float* row = out + (n - first) * inputs_ + kb * kHadamard;
          const float scale =
              out_scale[static_cast<std::size_t>(n)] / kHadamard;  // both 1/sqrt(128)
          for (std::int64_t k = 0; k < columns; ++k)
            row[k] = block[static_cast<std::size_t>(k * kHadamard + n % kHadamard)] *
                     in_scale[static_cast<std::size_t>(kb * kHadamard + k)] * scale;
        }
      }
    }
    return {};
  }

 private:
  /// H M H of one block, block[128 * input + output], without the factors.
  void decode_block(std::int64_t kb, std::int64_t nb, float* block) const noexcept {
    const std::int64_t tiles_across = parts_.trellis.shape[1];
    for (std::int64_t a = 0; a < kHadamard / kTile; ++a) {
      for (std::int64_t b = 0; b < kHadamard / kTile; ++b) {
        const std::int64_t tile = (kb * 8 + a) * tiles_across + nb * 8 + b;
        const auto values = exl3_tile(parts_.trellis.bytes.data() + tile * kTile * bits_ * 2, bits_,
                                      parts_.codebook);
        for (std::int64_t row = 0; row < kTile; ++row)
          std::copy_n(values.data() + row * kTile, kTile,
                      block + (a * kTile + row) * kHadamard + b * kTile);
      }
    }
    for (std::int64_t i = 0; i < kHadamard; ++i) hadamard(block + i * kHadamard, 1);
    for (std::int64_t i = 0; i < kHadamard; ++i) hadamard(block + i, kHadamard);
  }

  Exl3Parts parts_;
  int bits_;
  std::int64_t inputs_;
};

}  // namespace

float exl3_value(Exl3Codebook codebook, std::uint32_t state) noexcept {
  if (codebook == Exl3Codebook::mul1) {
    const std::uint32_t x = state * 0x83DCD12Du;
    const std::uint32_t sum = (x & 255) + ((x >> 8) & 255) + ((x >> 16) & 255) + (x >> 24);
    // Exact in float32 before the one rounding: a multiple of 2^-18 below 16.
    return round_to_half(static_cast<float>(1024 + sum) * 0.00676727294921875f - 10.3828125f);
  }
  std::uint32_t x =
      codebook == Exl3Codebook::mcg ? state * 0xCBAC1FEDu : state * 89226354u + 64248484u;
  x = (x & 0x8fff8fffu) ^ 0x3b603b60u;
  // Rounding a sum of two float16 through float32 is harmless: 24 >= 2 * 11 + 2 bits.
  return round_to_half(float_from_half(static_cast<std::uint16_t>(x)) +
                       float_from_half(static_cast<std::uint16_t>(x >> 16)));
}

std::array<float, 256> exl3_tile(const std::byte* words, int bits, Exl3Codebook codebook) noexcept {
  const int total = 256 * bits;
  // Stream bit p is bit 31 - p % 32 of 32-bit word p / 32; the stream is a circle.
  const auto word = [&](int i) {
    return static_cast<std::uint64_t>(load<std::uint32_t>(words, i % (total / 32)));
  };
  std::array<float, 256> tile{};
  for (int t = 0; t < 256; ++t) {
    const int begin = ((t + 1) * bits - 16 + total) % total;
    const std::uint64_t window = word(begin / 32) << 32 | word(begin / 32 + 1);
    const auto state = static_cast<std::uint32_t>(window >> (48 - begin % 32)) & 0xffffu;
    const int l = t / 8;
    const int j = t % 8;
    const int input = 2 * (l % 4) + (j & 1) + 8 * ((j >> 1) & 1);
    const int output = l / 4 + 8 * (j >> 2);
    tile[static_cast<std::size_t>(16 * input + output)] = exl3_value(codebook, state);
  }
  return tile;
}

Result<Matrix> make_exl3(const Exl3Parts& parts, std::int64_t outputs, std::int64_t inputs) {
  QUALM_CHECK(expect_dtype(parts.trellis, {Dtype::kI16, Dtype::kU16}));
  QUALM_CHECK(expect_dtype(parts.suh, {Dtype::kF16}));
  QUALM_CHECK(expect_dtype(parts.svh, {Dtype::kF16}));
  QUALM_CHECK(expect_shape(parts.trellis, {-1, -1, -1}));
  QUALM_CHECK(expect_filled(parts.trellis));
  const std::int64_t words = parts.trellis.shape[2];
  if (words % 16 != 0 || words > 128)
    return fail(part_error("CODEC-102", parts.trellis, "tiles of 1 to 8 bits a weight",
                           shape_text(parts.trellis)));
  const std::int64_t padded_inputs = parts.trellis.shape[0] * kTile;
  const std::int64_t padded_outputs = parts.trellis.shape[1] * kTile;
  const std::int64_t used_inputs = inputs > 0 ? inputs : padded_inputs;
  const std::int64_t used_outputs = outputs > 0 ? outputs : padded_outputs;
  if (padded_inputs % kHadamard != 0 || padded_outputs % kHadamard != 0 ||
      used_inputs > padded_inputs || used_outputs > padded_outputs)
    return fail(part_error("CODEC-104", parts.trellis,
                           fmt::format("blocks of 128 x 128 that hold {} inputs and {} outputs",
                                       used_inputs, used_outputs),
                           shape_text(parts.trellis)));
  QUALM_CHECK(expect_shape(parts.suh, {padded_inputs}));
  QUALM_CHECK(expect_shape(parts.svh, {padded_outputs}));
  const auto bits = static_cast<int>(words / 16);
  std::string name = fmt::format("EXL3 {} bit", bits);
  return Matrix{{used_outputs, used_inputs},
                model::Encoding(std::move(name)).with_codes(bits, 0),
                decoded_rows(used_outputs, used_inputs, Exl3Rows(parts, bits, used_inputs)),
                {}};
}

}  // namespace qualm::codec
