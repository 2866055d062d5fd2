// The matrices of a checkpoint in the packings of other tools, by plain rounding to the nearest.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/awq.h"
#include "codec/bitsandbytes.h"
#include "codec/exl2.h"
#include "codec/fp4.h"
#include "codec/gptq.h"
#include "codec/hqq.h"
#include "codec/numbers.h"
#include "codec/packed_int.h"
#include "codec/scaled.h"
#include "support/checkpoints.h"
#include "support/vectors.h"

namespace qualm::test {

using codec::Dtype;

/// [N, K] weights.
struct Plain {
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::vector<float> values;
  [[nodiscard]] float at(std::int64_t row, std::int64_t column) const {
    return values[static_cast<std::size_t>(row * k + column)];
  }
};

/// Asymmetric codes of `bits`, one scale (a float16) and zero point for `size` inputs.
struct Codes {
  std::int64_t k = 0, size = 0, groups = 0;
  std::vector<unsigned> code;  ///< [N, K]
  std::vector<float> scale;    ///< [N, G]
  std::vector<unsigned> zero;  ///< [N, G]
  Codes(const Plain& w, int bits, std::int64_t group) : k(w.k), size(group), groups(w.k / group) {
    const float most = static_cast<float>((1 << bits) - 1);
    for (std::size_t at = 0; at < w.values.size(); at += static_cast<std::size_t>(size)) {
      const auto begin = w.values.begin() + static_cast<std::ptrdiff_t>(at);
      const auto [low, high] = std::minmax_element(begin, begin + size);
      const float least = std::min(*low, 0.0F);
      const float s = codec::round_to_half(std::max((std::max(*high, 0.0F) - least) / most, 1e-5F));
      const float z = std::clamp(std::round(-least / s), 0.0F, most);
      for (auto it = begin; it != begin + size; ++it)
        code.push_back(static_cast<unsigned>(std::clamp(std::round(*it / s) + z, 0.0F, most)));
      scale.push_back(s);
      zero.push_back(static_cast<unsigned>(z));
    }
  }
  [[nodiscard]] unsigned of(std::int64_t n, std::int64_t input) const {
    return code[static_cast<std::size_t>(n * k + input)];
  }
  [[nodiscard]] unsigned zero_of(std::int64_t n, std::int64_t j) const {
    return zero[static_cast<std::size_t>(n * groups + j)];
  }
};

/// Rows of 32-bit words, each made of 32 / bits values: word (r, c) from value(r, c, i).
inline std::string words(std::int64_t rows, std::int64_t columns, int bits,
                         const std::function<unsigned(std::int64_t, std::int64_t, int)>& value) {
  std::vector<std::uint32_t> packed;
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) {
      std::uint32_t word = 0;
      for (int i = 0; i < 32 / bits; ++i) word |= value(r, c, i) << (bits * i);
      packed.push_back(word);
    }
  return bytes_of(packed);
}

/// As float16; [G, N] of [N, G] where `turned`.
inline std::string halves(const std::vector<float>& values, std::int64_t n, bool turned) {
  std::vector<std::uint16_t> out;
  const auto groups = static_cast<std::int64_t>(values.size()) / n;
  for (std::int64_t i = 0; i < n * groups; ++i)
    out.push_back(codec::half_from_float(
        values[static_cast<std::size_t>(turned ? i % n * groups + i / n : i)]));
  return bytes_of(out);
}

/// Groups of 64; zero points are stored `less` so much.
inline Result<codec::Matrix> as_gptq(const Plain& w, int bits,
                                     const codec::GptqConfig& config = {.zeros_less_one = false,
                                                                        .symmetric = false},
                                     unsigned less = 0) {
  const Codes codes(w, bits, 64);
  const int each = 32 / bits;
  return codec::make_gptq(
      {make_part("qweight", Dtype::kI32, {w.k / each, w.n},
                 words(w.k / each, w.n, bits,
                       [&](auto r, auto c, int i) { return codes.of(c, r * each + i); })),
       make_part("qzeros", Dtype::kI32, {codes.groups, w.n / each},
                 words(codes.groups, w.n / each, bits,
                       [&](auto r, auto c, int i) {
                         return (codes.zero_of(c * each + i, r) - less) & ((1u << bits) - 1);
                       })),
       make_part("scales", Dtype::kF16, {codes.groups, w.n}, halves(codes.scale, w.n, true)),
       {}},
      config);
}

inline Result<codec::Matrix> as_awq(const Plain& w) {
  const Codes codes(w, 4, 64);
  constexpr int kOutput[8] = {0, 2, 4, 6, 1, 3, 5, 7};  // of each nibble
  return codec::make_awq_gemm(
      {make_part("qweight", Dtype::kI32, {w.k, w.n / 8},
                 words(w.k, w.n / 8, 4,
                       [&](auto r, auto c, int i) { return codes.of(c * 8 + kOutput[i], r); })),
       make_part(
           "qzeros", Dtype::kI32, {codes.groups, w.n / 8},
           words(codes.groups, w.n / 8, 4,
                 [&](auto r, auto c, int i) { return codes.zero_of(c * 8 + kOutput[i], r); })),
       make_part("scales", Dtype::kF16, {codes.groups, w.n}, halves(codes.scale, w.n, true))},
      64);
}

inline Result<codec::Matrix> as_packed_int(const Plain& w) {
  const Codes codes(w, 4, 64);
  return codec::make_packed_int(
      {make_part(
           "packed", Dtype::kI32, {w.n, w.k / 8},
           words(w.n, w.k / 8, 4, [&](auto r, auto c, int i) { return codes.of(r, c * 8 + i); })),
       make_part("scale", Dtype::kF16, {w.n, codes.groups}, halves(codes.scale, w.n, false)),
       make_part("zero", Dtype::kI32, {w.n / 8, codes.groups},
                 words(w.n / 8, codes.groups, 4,
                       [&](auto r, auto c, int i) { return codes.zero_of(r * 8 + i, c); })),
       {}},
      {.bits = 4, .outputs = w.n, .inputs = w.k, .group_size = 64});
}

inline Result<codec::Matrix> as_hqq(const Plain& w) {
  const Codes codes(w, 8, 64);
  std::string bytes;
  for (const unsigned code : codes.code) bytes += static_cast<char>(code);
  const std::vector<float> zero(codes.zero.begin(), codes.zero.end());
  const auto groups = static_cast<std::int64_t>(zero.size());
  return codec::make_hqq({make_part("W_q", Dtype::kU8, {groups, 64}, bytes),
                          make_part("scale", Dtype::kF32, {groups}, bytes_of(codes.scale)),
                          make_part("zero", Dtype::kF32, {groups}, bytes_of(zero))},
                         {"8bit_u8", 8, 64, 1, w.n, w.k});
}

/// Groups of 64 inputs in reverse order, scales (nibble + 1)^2 * max / 256.
inline Result<codec::Matrix> as_exl2(const Plain& w) {
  const std::int64_t groups = w.k / 64;
  const auto input = [&](std::int64_t packed) { return w.k - 1 - packed; };
  std::vector<float> most(static_cast<std::size_t>(groups));
  std::vector<float> wanted(static_cast<std::size_t>(groups * w.n));
  for (std::int64_t j = 0; j < groups; ++j)
    for (std::int64_t n = 0; n < w.n; ++n) {
      float& mine = wanted[static_cast<std::size_t>(j * w.n + n)];
      for (std::int64_t i = 0; i < 64; ++i)
        mine = std::max(mine, std::abs(w.at(n, input(j * 64 + i))) / 7);
      auto& all = most[static_cast<std::size_t>(j)];
      all = std::max(all, codec::round_to_half(mine * 1.001F));
    }
  const auto unit = [&](std::int64_t j) {
    return codec::round_to_half(most[static_cast<std::size_t>(j)] / 256);
  };
  const auto nibble = [&](std::int64_t j, std::int64_t n) {
    const float root = std::sqrt(wanted[static_cast<std::size_t>(j * w.n + n)] / unit(j));
    return static_cast<unsigned>(std::clamp(std::ceil(root) - 1, 0.0F, 15.0F));
  };
  const auto code = [&](std::int64_t packed, std::int64_t n) {
    const auto root = static_cast<float>(nibble(packed / 64, n) + 1);
    const float scale = codec::round_to_half(root * root * unit(packed / 64));
    return static_cast<unsigned>(
        std::clamp(std::round(w.at(n, input(packed)) / scale) + 8, 0.0F, 15.0F));
  };
  std::vector<std::uint16_t> table;
  for (std::int64_t j = 0; j < groups; ++j) {
    table.push_back(4);
    table.push_back(static_cast<std::uint16_t>(j * 8));
  }
  std::vector<std::int32_t> places;
  for (std::int64_t k = 0; k < w.k; ++k) places.push_back(static_cast<std::int32_t>(input(k)));
  return codec::make_exl2(
      {make_part("q_weight", Dtype::kI32, {w.k / 8, w.n},
                 words(w.k / 8, w.n, 4, [&](auto r, auto c, int i) { return code(r * 8 + i, c); })),
       make_part(
           "q_scale", Dtype::kI32, {groups, w.n / 8},
           words(groups, w.n / 8, 4, [&](auto r, auto c, int i) { return nibble(r, c * 8 + i); })),
       make_part("q_scale_max", Dtype::kF16, {groups}, halves(most, 1, false)),
       make_part("q_groups", Dtype::kI16, {2 * groups}, bytes_of(table)),
       make_part("q_invperm", Dtype::kI32, {w.k}, bytes_of(places))},
      w.n);
}

/// The codes of a book by their values.
class Book {
 public:
  explicit Book(std::span<const float> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::isfinite(values[i])) sorted_.emplace_back(values[i], static_cast<unsigned>(i));
    std::ranges::sort(sorted_);
  }
  [[nodiscard]] unsigned nearest(float value) const {
    const auto above = std::ranges::lower_bound(sorted_, std::pair(value, 0U));
    if (above == sorted_.begin()) return above->second;
    const auto below = above - 1;
    const bool up = above != sorted_.end() && above->first - value < value - below->first;
    return up ? above->second : below->second;
  }

 private:
  std::vector<std::pair<float, unsigned>> sorted_;
};

inline Result<codec::Matrix> as_nf4(const Plain& w) {
  static const std::vector<float> kNf4{-1.0F,        -0.69619280F, -0.52507305F, -0.39491749F,
                                       -0.28444138F, -0.18477343F, -0.09105004F, 0.0F,
                                       0.07958030F,  0.16093020F,  0.24611230F,  0.33791524F,
                                       0.44070983F,  0.56261700F,  0.72295684F,  1.0F};
  const Book book(kNf4);
  std::vector<float> absmax;
  std::string bytes;
  for (std::size_t at = 0; at < w.values.size(); at += 64) {
    float most = 1e-9F;
    for (std::size_t i = at; i < at + 64; ++i) most = std::max(most, std::abs(w.values[i]));
    absmax.push_back(most);
    for (std::size_t i = at; i < at + 64; i += 2)
      bytes += static_cast<char>(book.nearest(w.values[i] / most) << 4 |
                                 book.nearest(w.values[i + 1] / most));
  }
  const auto blocks = static_cast<std::int64_t>(absmax.size());
  const auto half = static_cast<std::int64_t>(bytes.size());
  return codec::make_bnb4({make_part("w", Dtype::kU8, {half, 1}, bytes),
                           make_part("absmax", Dtype::kF32, {blocks}, bytes_of(absmax)),
                           make_part("map", Dtype::kF32, {16}, bytes_of(kNf4)),
                           {}},
                          {"nf4", 64, {w.n, w.k}});
}

/// One scale a row; codes of a book of 256, or whole numbers.
inline Result<codec::Matrix> as_eight_bits(const Plain& w, Dtype dtype) {
  const bool integers = dtype == Dtype::kI8;
  const Book book(codec::f8_values(Dtype::kF8E4M3));
  std::vector<float> scales;
  std::string bytes;
  for (std::int64_t n = 0; n < w.n; ++n) {
    float most = 1e-9F;
    for (std::int64_t k = 0; k < w.k; ++k) most = std::max(most, std::abs(w.at(n, k)));
    const float scale = most / (integers ? 127.0F : 448.0F);
    scales.push_back(scale);
    for (std::int64_t k = 0; k < w.k; ++k) {
      const float value = w.at(n, k) / scale;
      bytes += static_cast<char>(integers ? static_cast<int>(std::round(value))
                                          : static_cast<int>(book.nearest(value)));
    }
  }
  return codec::make_scaled({make_part("w", dtype, {w.n, w.k}, bytes),
                             make_part("s", Dtype::kF32, {w.n, 1}, bytes_of(scales)),
                             {}},
                            {.scheme = integers ? "int8" : "FP8 E4M3"});
}

/// Powers of two for 32 weights, the largest of which lies between 4 and 8 of them (and may be
/// cut).
inline Result<codec::Matrix> as_mxfp4(const Plain& w) {
  const Book book(codec::kE2M1Values);
  std::string bytes, scales;
  for (std::size_t at = 0; at < w.values.size(); at += 32) {
    float most = 1e-9F;
    for (std::size_t i = at; i < at + 32; ++i) most = std::max(most, std::abs(w.values[i]));
    const int exponent = std::ilogb(most) - 2;
    scales += static_cast<char>(exponent + 127);
    const auto code = [&](std::size_t i) {
      return book.nearest(std::ldexp(w.values[i], -exponent));
    };
    for (std::size_t i = at; i < at + 32; i += 2)
      bytes += static_cast<char>(code(i) | code(i + 1) << 4);
  }
  return codec::make_fp4({make_part("w", Dtype::kU8, {w.n, w.k / 2}, bytes),
                          make_part("s", Dtype::kF8E8M0, {w.n, w.k / 32}, scales),
                          {}});
}

inline Result<codec::Matrix> packed(const Plain& w, std::string_view scheme) {
  if (scheme == "GPTQ4") return as_gptq(w, 4);
  if (scheme == "GPTQ2") return as_gptq(w, 2);
  if (scheme == "AWQ") return as_awq(w);
  if (scheme == "EXL2") return as_exl2(w);
  if (scheme == "NF4") return as_nf4(w);
  if (scheme == "HQQ8") return as_hqq(w);
  if (scheme == "INT4") return as_packed_int(w);
  if (scheme == "INT8") return as_eight_bits(w, Dtype::kI8);
  if (scheme == "FP8") return as_eight_bits(w, Dtype::kF8E4M3);
  return as_mxfp4(w);
}

inline constexpr std::array kSchemes{"GPTQ4", "GPTQ2", "AWQ",  "EXL2", "NF4",
                                     "HQQ8",  "INT4",  "INT8", "FP8",  "MXFP4"};

/// Matrices packed, tensors of one row kept.
inline model::Checkpoint packed(const model::Checkpoint& from, std::string_view scheme) {
  model::Checkpoint to = from;
  for (model::Tensor& tensor : to.tensors) {
    if (tensor.row_count() == 1) continue;
    auto matrix = packed(Plain{tensor.row_count(), tensor.row_length(), values_of(tensor)}, scheme);
    EXPECT_TRUE(matrix) << describe(matrix.error());
    if (!matrix) continue;
    tensor.encoding = matrix->encoding;
    tensor.data = matrix->data;
  }
  return to;
}

}  // namespace qualm::test
