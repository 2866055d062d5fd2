#include "codec/fp4.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/bits.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

class Fp4Rows {
 public:
  Fp4Rows(Fp4Parts parts, std::int64_t k, std::int64_t group,
          const std::array<float, 16>& book) noexcept
      : parts_(std::move(parts)), k_(k), group_(group), book_(book) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const std::int64_t groups = k_ / group_;
    std::vector<float> scales(static_cast<std::size_t>(groups));
    QUALM_TRY(const float global, global_factor());
    for (std::int64_t n = first; n < first + count; ++n, out += k_) {
      decode_numbers(parts_.scale, n * groups, groups, scales.data());
      QUALM_CHECK(expect_finite(parts_.scale, scales, n * groups));
      for (std::int64_t g = 0; g < groups; ++g) {
        const float stored = scales[static_cast<std::size_t>(g)];
        const float scale = parts_.global_multiplies ? stored * global : stored / global;
        for (std::int64_t k = g * group_; k < (g + 1) * group_; ++k)
          out[k] = book_[code(n * k_ + k)] * scale;
      }
    }
    return {};
  }

 private:
  std::size_t code(std::int64_t i) const noexcept {
    return (load<std::uint8_t>(parts_.packed.bytes.data(), i / 2) >> (i % 2 * 4)) & 15u;
  }

  Result<float> global_factor() const {
    float value = 1;
    if (!parts_.global) return value;
    decode_numbers(*parts_.global, 0, 1, &value);
    QUALM_CHECK(expect_finite(*parts_.global, {&value, 1}, 0));
    if (value == 0 && !parts_.global_multiplies)
      return fail(part_error("CODEC-106", *parts_.global, "a number that can divide", "0"));
    return value;
  }

  Fp4Parts parts_;
  std::int64_t k_;
  std::int64_t group_;
  std::array<float, 16> book_;
};

}  // namespace

Result<Matrix> make_fp4(const Fp4Parts& parts) {
  QUALM_CHECK(expect_dtype(parts.packed, {Dtype::kU8, Dtype::kI8}));
  QUALM_CHECK(expect_dtype(parts.scale, {Dtype::kF8E4M3, Dtype::kF8E8M0}));
  QUALM_CHECK(expect_filled(parts.packed));
  if (parts.global) {
    QUALM_CHECK(expect_dtype(*parts.global, {Dtype::kF32}));
    if (parts.global->elements() != 1)
      return fail(part_error("CODEC-104", *parts.global, "one element", shape_text(*parts.global)));
  }
  const std::int64_t group = parts.scale.dtype == Dtype::kF8E4M3 ? 16 : 32;
  const std::vector<std::int64_t>& scale = parts.scale.shape;
  std::vector<std::int64_t> packed = parts.packed.shape;
  if (packed.size() == scale.size() + 1 && packed.back() == 16) {  // gpt-oss: blocks of 16 bytes
    packed.pop_back();
    packed.back() *= 16;
  }
  const bool fits = scale.size() >= 2 && packed.size() == scale.size() &&
                    std::equal(scale.begin(), scale.end() - 1, packed.begin()) &&
                    packed.back() == scale.back() * (group / 2);
  if (!fits)
    return fail(part_error(
        "CODEC-104", parts.scale,
        fmt::format("one scale for each {} weights of {}", group, shape_text(parts.packed)),
        shape_text(parts.scale)));
  std::vector<std::int64_t> shape = scale;
  shape.back() *= group;
  const std::int64_t k = shape.back();
  const std::int64_t rows = k == 0 ? 0 : parts.packed.elements() * 2 / k;
  return Matrix{std::move(shape),
                {group == 16 ? "NVFP4" : "MXFP4"},
                rows_and_steps(rows, k, Fp4Rows(parts, k, group, kE2M1Values),
                               Fp4Rows(parts, k, group, gaps(kE2M1Values))),
                {}};
}

}  // namespace qualm::codec
