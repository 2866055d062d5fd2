#include "codec/plain_rounding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "support/checkpoints.h"

namespace qualm::codec {
namespace {

std::vector<float> rounded(std::vector<float> weights, const model::Grid& grid,
                           std::int64_t length) {
  PlainRounding rounding(grid, length);
  rounding.see(weights);
  rounding.round(weights);
  return weights;
}

TEST(PlainRounding, codes_and_zero_points_by_hand) {
  // Range 3 over 15 codes of 2^-2 + a little: the step is 0.2, zero is code 5.
  const auto w = rounded({-1.0F, -0.31F, 0.0F, 0.15F, 0.49F, 2.0F}, {{{4, 6}}, false}, 6);
  const float step = 0.2F * (1 + 0x1p-12F);  // about: float16 has 11 bits
  const float codes[] = {-5, -2, 0, 1, 2, 10};
  for (std::size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w[i], codes[i] * step, 1e-3F) << i;
}

TEST(PlainRounding, a_symmetric_grid_has_a_code_more_below_zero) {
  // 2 bits: codes -2 .. 1 of 2/3.
  const auto w = rounded({-1.0F, 1.0F, 0.3F, -0.4F}, {{{2, 4}}, true}, 4);
  EXPECT_NEAR(w[0], -4.0F / 3, 1e-3F);
  EXPECT_NEAR(w[1], 2.0F / 3, 1e-3F);
  EXPECT_EQ(w[2], 0);
  EXPECT_NEAR(w[3], -2.0F / 3, 1e-3F);
}

TEST(PlainRounding, every_group_has_its_width_and_the_last_one_repeats) {
  const model::Grid grid{{{8, 32}, {2, 16}}, false};
  const auto w = rounded(test::noise(2 * 80, 1, 7), grid, 80);
  const auto values = [&](std::size_t begin, std::size_t count) {
    return std::set<float>(w.begin() + static_cast<std::ptrdiff_t>(begin),
                           w.begin() + static_cast<std::ptrdiff_t>(begin + count))
        .size();
  };
  for (const std::size_t row : {0U, 80U}) {
    EXPECT_GT(values(row, 32), 20U);
    for (const std::size_t begin : {32U, 48U, 64U}) EXPECT_LE(values(row + begin, 16), 4U);
  }
}

TEST(PlainRounding, is_within_half_a_step) {
  const auto of = test::noise(std::size_t{64} * 64, 0.05, 3);
  const auto w = rounded(of, {{{4, 64}}, false}, 64);
  for (std::size_t row = 0; row < 64; ++row) {
    const auto first = of.begin() + static_cast<std::ptrdiff_t>(row * 64);
    const auto [low, high] = std::minmax_element(first, first + 64);
    const float step = (*high - *low) / 15;
    for (std::size_t i = row * 64; i < row * 64 + 64; ++i)
      EXPECT_LT(std::abs(w[i] - of[i]), step * 0.51F) << i;  // the scale is rounded to float16
  }
}

TEST(PlainRounding, root_scales_are_one_of_sixteen_of_the_largest_in_the_matrix) {
  model::Grid grid{{{8, 4}}, true, true};
  // Symmetric 8 bit: scale = 2 max / 255. The second row's is a quarter: k = 8 exactly.
  const auto w = rounded({1, -1, 0.5F, 0, 0.25F, -0.25F, 0.1F, 0}, grid, 4);
  EXPECT_NEAR(w[1], -1.0F, 5e-3F);
  EXPECT_NEAR(w[6], 0.1F, 0.25F / 255 + 1e-4F);
  // One of 1/1000 gets k = 1, 1/256 of the largest, of which it takes 33 where it needs no more
  // than 127 of its own.
  const auto lost = rounded({1, -1, 0, 0, 0.001F, -0.001F, 0.001F, 0}, grid, 4);
  EXPECT_NEAR(lost[4], 33 * (2.0F / 255 / 256), 4e-6F);
}

TEST(PlainRounding, zeros_stay) {
  EXPECT_EQ(rounded({0, 0, 0, 0}, {{{3, 2}}, true}, 4), (std::vector<float>{0, 0, 0, 0}));
}

}  // namespace
}  // namespace qualm::codec
