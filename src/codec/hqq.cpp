#include "codec/hqq.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/checked.h"
#include "codec/bits.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

struct Packing {
  std::string_view name;
  int word_bytes;
  int slabs;
  int width;
};

constexpr std::array<Packing, 5> kPackings{{{"8bit_u8", 1, 1, 8},
                                            {"4bit_u8", 1, 2, 4},
                                            {"3bit_32", 4, 10, 3},
                                            {"2bit_u8", 1, 4, 2},
                                            {"1bit_u8", 1, 8, 1}}};

template <class Of>
class HqqRows {
 public:
  HqqRows(HqqParts parts, HqqState state, Packing packing)
      : parts_(std::move(parts)), state_(std::move(state)), packing_(packing) {
    const std::int64_t count = state_.outputs * state_.inputs;
    groups_ = count / state_.group_size;
    const std::int64_t first_dim = state_.axis == 1 ? groups_ : state_.group_size;
    slab_ = ceil_divide(first_dim, packing_.slabs);
  }

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const std::int64_t begin = first * state_.inputs;
    for (std::int64_t i = begin; i < begin + count * state_.inputs; ++i) {
      // Element i of W is (row, column) of the regrouped matrix, whose group is one or the other.
      const std::int64_t width = state_.axis == 1 ? state_.group_size : groups_;
      const std::int64_t row = i / width;
      const std::int64_t column = i % width;
      const std::int64_t group = state_.axis == 1 ? row : column;
      float scale_zero[2];
      decode_numbers(parts_.scale, group, 1, &scale_zero[0]);
      decode_numbers(parts_.zero, group, 1, &scale_zero[1]);
      if (!std::isfinite(scale_zero[0]) || !std::isfinite(scale_zero[1])) {
        QUALM_CHECK(expect_finite(parts_.scale, {&scale_zero[0], 1}, group));
        QUALM_CHECK(expect_finite(parts_.zero, {&scale_zero[1], 1}, group));
      }
      *out++ = static_cast<float>(Of{}(static_cast<double>(code(row, column, width)),
                                       static_cast<double>(scale_zero[1]),
                                       static_cast<double>(scale_zero[0])));
    }
    return {};
  }

 private:
  unsigned code(std::int64_t row, std::int64_t column, std::int64_t width) const noexcept {
    const std::int64_t at = row % slab_ * width + column;
    const std::int64_t slab = row / slab_;
    const std::uint32_t word = packing_.word_bytes == 4
                                   ? load<std::uint32_t>(parts_.codes.bytes.data(), at)
                                   : load<std::uint8_t>(parts_.codes.bytes.data(), at);
    const auto shift = (packing_.slabs - 1 - slab) * packing_.width;
    return (word >> shift) & ((1u << packing_.width) - 1);
  }

  HqqParts parts_;
  HqqState state_;
  Packing packing_;
  std::int64_t groups_ = 0;
  std::int64_t slab_ = 0;
};

/// Bytes of W_q, or absent where the numbers do not fit together.
std::optional<std::int64_t> packed_bytes(const HqqState& state, const Packing& packing) {
  if (state.outputs < 1 || state.inputs < 1 || state.group_size < 1) return std::nullopt;
  const auto count = checked_multiply(state.outputs, state.inputs);
  if (!count || *count % state.group_size != 0) return std::nullopt;
  const std::int64_t groups = *count / state.group_size;
  const std::int64_t rows = state.axis == 1 ? groups : state.group_size;
  const auto words = checked_multiply(ceil_divide(rows, packing.slabs), *count / rows);
  return words ? checked_multiply<std::int64_t>(*words, packing.word_bytes) : std::nullopt;
}

}  // namespace

Result<Matrix> make_hqq(const HqqParts& parts, const HqqState& state) {
  const auto packing = std::ranges::find(kPackings, state.packing, &Packing::name);
  if (packing == kPackings.end() || state.axis < 0 || state.axis > 1)
    return fail(part_error("CODEC-102", parts.codes, "a packing of HQQ along axis 0 or 1",
                           fmt::format("{:?} along {}", state.packing, state.axis)));
  const auto bytes = packed_bytes(state, *packing);
  if (!bytes || *bytes != static_cast<std::int64_t>(parts.codes.bytes.size()))
    return fail(part_error("CODEC-104", parts.codes,
                           fmt::format("[{}, {}] weights in groups of {} as {}", state.outputs,
                                       state.inputs, state.group_size, state.packing),
                           shape_text(parts.codes)));
  const std::int64_t groups = state.outputs * state.inputs / state.group_size;
  for (const Part* part : {&parts.scale, &parts.zero}) {
    QUALM_CHECK(expect_dtype(*part, {Dtype::kF32, Dtype::kF16, Dtype::kBF16}));
    if (part->elements() != groups)
      return fail(
          part_error("CODEC-104", *part, fmt::format("{} groups", groups), shape_text(*part)));
  }
  std::string name = fmt::format("HQQ {} bit g{}", state.bits, state.group_size);
  return Matrix{
      {state.outputs, state.inputs},
      model::Encoding(std::move(name)).with_codes(static_cast<int>(state.bits), state.group_size),
      rows_and_steps(state.outputs, state.inputs, HqqRows<GridWeight>(parts, state, *packing),
                     HqqRows<GridStep>(parts, state, *packing)),
      {}};
}

}  // namespace qualm::codec
