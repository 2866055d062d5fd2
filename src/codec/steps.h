// Weights and their steps (model::TensorData::steps) from one decoder.
//
//     a grid   scale * (code - zero)     step  |scale|
//     a book   scale * value[code]       step  |scale| * gap[code]    NF4, FP4, FP8, E2M1
//
// A decoder of a grid is written over what it makes of code, zero and scale (GridWeight, GridStep);
// one of a book takes the values, or their gaps in their place.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "codec/matrix.h"

namespace qualm::codec {

struct GridWeight {
  template <class T>
  T operator()(T code, T zero, T scale) const noexcept {
    return (code - zero) * scale;
  }
};

struct GridStep {
  template <class T>
  T operator()(T /*code*/, T /*zero*/, T scale) const noexcept {
    return scale;
  }
};

/// How far the farther of the two neighbours is from each value of a book, or the only one. NaN for
/// values that are not finite, 0 in a book of one value.
template <std::size_t kSize>
[[nodiscard]] std::array<float, kSize> gaps(const std::array<float, kSize>& book) {
  std::vector<float> sorted;
  for (const float value : book)
    if (std::isfinite(value)) sorted.push_back(value);
  std::ranges::sort(sorted);
  std::array<float, kSize> found{};
  for (std::size_t i = 0; i < kSize; ++i) {
    const auto [low, high] = std::ranges::equal_range(sorted, book[i]);
    if (low != sorted.begin()) found[i] = book[i] - *(low - 1);
    if (high != sorted.end()) found[i] = std::max(found[i], *high - book[i]);
    if (!std::isfinite(book[i])) found[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return found;
}

/// TensorData of `rows`, whose steps are what `steps` decodes, without sign. Both as in
/// decoded_rows.
template <class Decode, class Steps>
[[nodiscard]] std::shared_ptr<const model::TensorData> rows_and_steps(std::int64_t rows,
                                                                      std::int64_t length,
                                                                      Decode decode, Steps steps) {
  auto unsigned_steps = [steps = std::move(steps), length](std::int64_t first, std::int64_t count,
                                                           float* out) -> Result<void> {
    QUALM_CHECK(steps(first, count, out));
    for (std::int64_t i = 0; i < count * length; ++i) out[i] = std::abs(out[i]);
    return {};
  };
  return decoded_rows(rows, length, std::move(decode),
                      decoded_rows(rows, length, std::move(unsigned_steps)));
}

}  // namespace qualm::codec
