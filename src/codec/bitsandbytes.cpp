#include "codec/bitsandbytes.h"

#include <fmt/format.h>

#include <array>

#include "base/checked.h"
#include "codec/bits.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

class Bnb4Rows {
 public:
  Bnb4Rows(Bnb4Parts parts, std::int64_t block_size, std::int64_t k,
           const std::array<float, 16>& map)
      : parts_(std::move(parts)), block_size_(block_size), k_(k), map_(map) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const std::int64_t end = (first + count) * k_;
    for (std::int64_t i = first * k_; i < end;) {
      const std::int64_t block = i / block_size_;
      QUALM_TRY(const float scale, scale_of(block));
      const std::int64_t stop = std::min(end, (block + 1) * block_size_);
      for (; i < stop; ++i) *out++ = map_[code(i)] * scale;
    }
    return {};
  }

 private:
  std::size_t code(std::int64_t i) const noexcept {
    const unsigned pair = load<std::uint8_t>(parts_.weight.bytes.data(), i / 2);
    return i % 2 == 0 ? pair >> 4 : pair & 15u;
  }

  Result<float> scale_of(std::int64_t block) const {
    float value = 0;
    decode_numbers(parts_.absmax, block, 1, &value);
    if (parts_.nested) {
      const NestedScales& nested = *parts_.nested;
      float factor = 0;
      decode_numbers(nested.map, static_cast<std::int64_t>(value), 1, &value);
      decode_numbers(nested.absmax, block / nested.block_size, 1, &factor);
      value = value * factor;  // one rounding here, one below
      value = value + nested.offset;
    }
    QUALM_CHECK(expect_finite(parts_.absmax, {&value, 1}, block));
    return value;
  }

  Bnb4Parts parts_;
  std::int64_t block_size_;
  std::int64_t k_;
  std::array<float, 16> map_;
};

Result<void> check_nested(const NestedScales& nested, std::int64_t blocks) {
  QUALM_CHECK(expect_dtype(nested.absmax, {Dtype::kF32}));
  QUALM_CHECK(expect_dtype(nested.map, {Dtype::kF32}));
  QUALM_CHECK(expect_shape(nested.map, {256}));
  if (nested.block_size < 1)
    return fail(part_error("CODEC-102", nested.absmax, "a nested block size above 0",
                           fmt::format("{}", nested.block_size)));
  return expect_shape(nested.absmax, {ceil_divide(blocks, nested.block_size)});
}

}  // namespace

Result<Matrix> make_bnb4(const Bnb4Parts& parts, const Bnb4State& state) {
  std::optional<std::int64_t> count = 1;
  for (const std::int64_t n : state.shape)
    count = n > 0 && count ? checked_multiply(*count, n) : std::nullopt;
  if (!count || state.shape.size() < 2 ||
      ceil_divide(*count, 2) != static_cast<std::int64_t>(parts.weight.bytes.size()))
    return fail(part_error("CODEC-104", parts.weight,
                           "half a byte for each weight of the quant state's shape",
                           shape_text(parts.weight)));
  if (state.block_size < 1)
    return fail(part_error("CODEC-102", parts.weight, "a block size above 0",
                           fmt::format("{}", state.block_size)));
  const std::int64_t blocks = ceil_divide(*count, state.block_size);
  QUALM_CHECK(expect_dtype(parts.absmax, {parts.nested ? Dtype::kU8 : Dtype::kF32}));
  QUALM_CHECK(expect_shape(parts.absmax, {blocks}));
  if (parts.nested) QUALM_CHECK(check_nested(*parts.nested, blocks));
  QUALM_CHECK(expect_dtype(parts.map, {Dtype::kF32}));
  QUALM_CHECK(expect_shape(parts.map, {16}));
  std::array<float, 16> map{};
  decode_numbers(parts.map, 0, 16, map.data());
  QUALM_CHECK(expect_finite(parts.map, map, 0));
  const std::int64_t k = state.shape.back();
  std::string name = fmt::format("bitsandbytes {}{} block {}", state.type,
                                 parts.nested ? " double quant" : "", state.block_size);
  return Matrix{state.shape,
                model::Encoding(std::move(name)).with_codes(4, state.block_size),
                rows_and_steps(*count / k, k, Bnb4Rows(parts, state.block_size, k, map),
                               Bnb4Rows(parts, state.block_size, k, gaps(map))),
                {}};
}

}  // namespace qualm::codec
