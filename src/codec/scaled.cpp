#include "codec/scaled.h"

#include <fmt/format.h>

#include "codec/bits.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

/// Which scale belongs to weight (n, k): scale element n / rows * stride + k / columns.
struct Grid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t stride = 1;
  std::string label;  ///< "per channel", "block 128x128", ...
};

Result<Grid> find_grid(const Part& scale, std::int64_t n, std::int64_t k,
                       const ScaledConfig& config) {
  if (scale.elements() == 1) return Grid{n, k, 1, "per tensor"};
  const std::size_t rank = scale.shape.size();
  const bool per_row = scale.shape[0] == n && (rank == 1 || (rank == 2 && scale.shape[1] == 1));
  if (per_row) return Grid{1, k, 1, "per channel"};
  std::int64_t bn = config.block_rows;
  std::int64_t bk = config.block_columns;
  if (rank == 2 && bn == 0 && scale.shape[0] == n) {
    QUALM_TRY(bk, group_size_for(scale, k, scale.shape[1], bk));
    return Grid{1, bk, scale.shape[1], fmt::format("g{}", bk)};
  }
  if (bn <= 0) bn = 128;
  if (bk <= 0) bk = 128;
  if (rank == 2 && scale.shape[0] >= ceil_divide(n, bn) && scale.shape[1] >= ceil_divide(k, bk))
    return Grid{bn, bk, scale.shape[1], fmt::format("block {}x{}", bn, bk)};
  return fail(part_error(
      "CODEC-104", scale,
      fmt::format("one scale, one for each of {} rows, or a grid of blocks {}x{}", n, bn, bk),
      shape_text(scale)));
}

/// `Numbers` reads what is to be scaled.
template <class Numbers>
class ScaledRows {
 public:
  ScaledRows(ScaledParts parts, Grid grid, std::int64_t k, float factor, Numbers numbers)
      : parts_(std::move(parts)),
        grid_(std::move(grid)),
        k_(k),
        factor_(factor),
        numbers_(std::move(numbers)) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const std::int64_t groups = ceil_divide(k_, grid_.columns);
    std::vector<float> scales(static_cast<std::size_t>(groups));
    std::vector<float> zeros(scales.size());
    for (std::int64_t n = first; n < first + count; ++n, out += k_) {
      const std::int64_t at = n / grid_.rows * grid_.stride;
      decode_numbers(parts_.scale, at, groups, scales.data());
      QUALM_CHECK(expect_finite(parts_.scale, scales, at));
      if (parts_.zero) {
        decode_numbers(*parts_.zero, at, groups, zeros.data());
        QUALM_CHECK(expect_finite(*parts_.zero, zeros, at));
      }
      numbers_(n * k_, k_, out);
      for (std::int64_t g = 0; g < groups; ++g) apply(out, g, scales, zeros);
    }
    return {};
  }

 private:
  void apply(float* row, std::int64_t g, const std::vector<float>& scales,
             const std::vector<float>& zeros) const {
    const auto group = static_cast<std::size_t>(g);
    const std::int64_t end = std::min(k_, (g + 1) * grid_.columns);
    for (std::int64_t k = g * grid_.columns; k < end; ++k) {
      const float centred = parts_.zero ? row[k] - zeros[group] : row[k];
      row[k] = centred * scales[group] * factor_;
    }
  }

  ScaledParts parts_;
  Grid grid_;
  std::int64_t k_;
  float factor_;
  Numbers numbers_;
};

/// By the pattern of a weight.
std::array<float, 256> gaps_of(Dtype dtype) {
  if (dtype != Dtype::kI8 && dtype != Dtype::kU8) return gaps(f8_values(dtype));
  std::array<float, 256> ones;
  ones.fill(1);
  return ones;
}

}  // namespace

Result<Matrix> make_scaled(const ScaledParts& parts, const ScaledConfig& config) {
  QUALM_CHECK(expect_dtype(parts.weight, {Dtype::kF8E4M3, Dtype::kF8E5M2, Dtype::kF8E4M3Fnuz,
                                          Dtype::kF8E5M2Fnuz, Dtype::kI8, Dtype::kU8}));
  QUALM_CHECK(expect_shape(parts.weight, {-1, -1}));
  QUALM_CHECK(expect_filled(parts.weight));
  QUALM_CHECK(expect_dtype(parts.scale, {Dtype::kF32, Dtype::kF16, Dtype::kBF16, Dtype::kF8E8M0}));
  const std::int64_t n = parts.weight.shape[0];
  const std::int64_t k = parts.weight.shape[1];
  QUALM_TRY(const Grid grid, find_grid(parts.scale, n, k, config));
  if (parts.zero) {
    QUALM_CHECK(expect_dtype(*parts.zero, {Dtype::kI8, Dtype::kU8, Dtype::kF32, Dtype::kF16,
                                           Dtype::kBF16, Dtype::kF8E4M3}));
    if (parts.zero->shape != parts.scale.shape)
      return fail(part_error("CODEC-104", *parts.zero,
                             "the shape of the scales, " + shape_text(parts.scale),
                             shape_text(*parts.zero)));
  }
  std::string name = fmt::format("{} {}", config.scheme, grid.label);
  auto numbers = [weight = parts.weight](std::int64_t first, std::int64_t count, float* out) {
    decode_numbers(weight, first, count, out);
  };
  auto steps = [bytes = parts.weight.bytes.data(), book = gaps_of(parts.weight.dtype)](
                   std::int64_t first, std::int64_t count, float* out) {
    for (std::int64_t i = 0; i < count; ++i) out[i] = book[load<std::uint8_t>(bytes, first + i)];
  };
  ScaledParts no_zero = parts;  // a step has none
  no_zero.zero.reset();
  return Matrix{{n, k},
                model::Encoding(std::move(name)).with_codes(8, grid.columns),
                rows_and_steps(n, k, ScaledRows(parts, grid, k, config.factor, numbers),
                               ScaledRows(no_zero, grid, k, config.factor, steps)),
                {}};
}

}  // namespace qualm::codec
