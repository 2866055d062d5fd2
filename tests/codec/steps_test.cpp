#include "codec/steps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "codec/bitsandbytes.h"
#include "codec/fp4.h"
#include "codec/numbers.h"
#include "codec/scaled.h"
#include "support/vectors.h"

namespace qualm::codec {
namespace {

using test::bytes_of;
using test::decode_all;
using test::make_part;

TEST(Gaps, are_to_the_farther_neighbour_and_at_the_ends_to_the_only_one) {
  EXPECT_EQ(gaps(std::array{0.0F, 3.0F, 1.0F, -0.5F}), (std::array{1.0F, 2.0F, 2.0F, 0.5F}));
}

TEST(Gaps, equal_values_are_one_and_what_is_not_finite_is_none) {
  const auto found = gaps(std::array{0.0F, -0.0F, 4.0F, INFINITY, NAN});
  EXPECT_EQ(found[0], 4);
  EXPECT_EQ(found[1], 4);
  EXPECT_EQ(found[2], 4);
  EXPECT_TRUE(std::isnan(found[3]));
  EXPECT_TRUE(std::isnan(found[4]));
}

/// Every code of a matrix in order: decoded, and the steps beside.
void expect_steps_of_a_book(const Matrix& matrix, std::int64_t rows, std::int64_t length,
                            const std::vector<float>& book, float scale) {
  ASSERT_TRUE(matrix.data->steps());
  const auto weights = decode_all(*matrix.data, rows, length);
  const auto steps = decode_all(*matrix.data->steps(), rows, length);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (!std::isfinite(weights[i])) continue;
    float below = -INFINITY, above = INFINITY;
    for (const float value : book) {
      const float other = value * scale;
      if (!std::isfinite(other)) continue;
      if (other < weights[i]) below = std::max(below, other);
      if (other > weights[i]) above = std::min(above, other);
    }
    float gap = 0;
    if (std::isfinite(below)) gap = weights[i] - below;
    if (std::isfinite(above)) gap = std::max(gap, above - weights[i]);
    EXPECT_FLOAT_EQ(steps[i], gap) << "weight " << weights[i];
  }
}

std::string nibbles_in_order(bool high_first) {
  std::string bytes;
  for (int i = 0; i < 16; i += 2)
    bytes += static_cast<char>(high_first ? i << 4 | (i + 1) : i | (i + 1) << 4);
  return bytes;
}

TEST(Steps, of_a_map_of_bitsandbytes_are_its_gaps_times_absmax) {
  std::vector<float> map;  // NF4's, roughly: gaps of 0.08 to 0.3
  for (int i = 0; i < 16; ++i)
    map.push_back(std::tanh(static_cast<float>(i - 7) / 5) * (1 + 0.01F * static_cast<float>(i)));
  const Bnb4Parts parts{make_part("w", Dtype::kU8, {8, 1}, nibbles_in_order(true)),
                        make_part("a", Dtype::kF32, {1}, bytes_of(std::vector{0.25F})),
                        make_part("m", Dtype::kF32, {16}, bytes_of(map)),
                        {}};
  const auto matrix = make_bnb4(parts, {"nf4", 64, {2, 8}});
  ASSERT_TRUE(matrix) << describe(matrix.error());
  expect_steps_of_a_book(*matrix, 2, 8, map, 0.25F);
}

TEST(Steps, of_four_bit_floats_grow_with_the_value) {
  const std::string codes = nibbles_in_order(false) + nibbles_in_order(false);
  Fp4Parts parts{make_part("w", Dtype::kU8, {1, 16}, codes),
                 make_part("s", Dtype::kF8E8M0, {1, 1}, std::string(1, '\x7d')),
                 {}};  // 2^-2
  const auto matrix = make_fp4(parts);
  ASSERT_TRUE(matrix) << describe(matrix.error());
  expect_steps_of_a_book(*matrix, 1, 32, {kE2M1Values.begin(), kE2M1Values.end()}, 0.25F);
  EXPECT_EQ(decode_all(*matrix->data->steps(), 1, 32)[7], 2 * 0.25F);  // from 6 to 4
}

TEST(Steps, of_eight_bit_floats_are_those_of_their_binade_and_carry_no_sign) {
  std::string codes(256, '\0');
  std::iota(codes.begin(), codes.end(), '\0');
  for (const Dtype dtype : {Dtype::kF8E4M3, Dtype::kF8E5M2}) {
    const ScaledParts parts{make_part("w", dtype, {2, 128}, codes),
                            make_part("s", Dtype::kF32, {1}, bytes_of(std::vector{-0.5F})),
                            {}};
    const auto matrix = make_scaled(parts, {.scheme = "FP8"});
    ASSERT_TRUE(matrix) << describe(matrix.error());
    const auto& book = f8_values(dtype);
    expect_steps_of_a_book(*matrix, 2, 128, {book.begin(), book.end()}, -0.5F);
  }
}

TEST(Steps, of_integers_with_a_zero_point_are_the_scale_alone) {
  const ScaledParts parts{
      make_part("w", Dtype::kI8, {1, 3}, std::string("\x80\x00\x7f", 3)),
      make_part("s", Dtype::kF32, {1}, bytes_of(std::vector{0.5F})),
      make_part("z", Dtype::kI8, {1}, std::string("\x05", 1)),
  };
  const auto matrix = make_scaled(parts, {.scheme = "int8", .factor = 0.5F});
  ASSERT_TRUE(matrix) << describe(matrix.error());
  EXPECT_EQ(decode_all(*matrix->data->steps(), 1, 3), (std::vector<float>(3, 0.25F)));
}

}  // namespace
}  // namespace qualm::codec
