#include "codec/awq.h"

#include <fmt/format.h>

#include <array>

#include "codec/bits.h"
#include "codec/groups.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

/// Nibble of a gemm word that holds output 8c + j.
constexpr std::array<int, 8> kNibble{0, 4, 1, 5, 2, 6, 3, 7};

unsigned nibble(const Part& part, std::int64_t word, std::int64_t place) noexcept {
  return (load<std::uint32_t>(part.bytes.data(), word) >> (4 * place)) & 15u;
}

unsigned gemm_code(const Part& part, std::int64_t row, std::int64_t n) noexcept {
  return nibble(part, row * part.shape[1] + n / 8, kNibble[static_cast<std::size_t>(n % 8)]);
}

unsigned gemv_code(const Part& part, std::int64_t n, std::int64_t i) noexcept {
  return nibble(part, n * part.shape[1] + i / 8, i % 8);
}

struct Group {
  float scale = 0;
  float zero = 0;
};

/// What a row is decoded from: `group_of(n, j)` reads a group's parameters, `code_of(n, k)` a code.
template <class GroupOf, class CodeOf>
struct AwqCodes {
  std::int64_t inputs;
  Groups groups;
  Part scales;  ///< named in errors
  GroupOf group_of;
  CodeOf code_of;
};

template <class Codes, class Apply>
auto awq_rows(const Codes& codes, Apply apply) {
  return [codes, apply](std::int64_t first, std::int64_t count, float* out) -> Result<void> {
    std::vector<Group> row(static_cast<std::size_t>(codes.groups.count));
    for (std::int64_t n = first; n < first + count; ++n, out += codes.inputs) {
      for (std::int64_t j = 0; j < codes.groups.count; ++j) {
        const Group group = row[static_cast<std::size_t>(j)] = codes.group_of(n, j);
        QUALM_CHECK(expect_finite(codes.scales, {&group.scale, 1}, j));
        QUALM_CHECK(expect_finite(codes.scales, {&group.zero, 1}, j));
      }
      for (std::int64_t k = 0; k < codes.inputs; ++k) {
        const Group group = row[static_cast<std::size_t>(codes.groups.of(k))];
        out[k] = apply(static_cast<float>(codes.code_of(n, k)), group.zero, group.scale);
      }
    }
    return {};
  };
}

template <class Codes, class Apply>
auto awq_data(std::int64_t outputs, const Codes& codes, Apply apply) {
  return rows_and_steps(outputs, codes.inputs, awq_rows(codes, apply), awq_rows(codes, GridStep{}));
}

float number_at(const Part& part, std::int64_t i) noexcept {
  float value = 0;
  decode_numbers(part, i, 1, &value);
  return value;
}

/// Exact in double: 15 bits of product, and float16's exponents span 40 more.
float scale_then_add(float code, float zero, float scale) noexcept {
  return static_cast<float>(static_cast<double>(code) * static_cast<double>(scale) +
                            static_cast<double>(zero));
}

std::string name_of(const Groups& groups, std::string_view layout) {
  return fmt::format("AWQ 4 bit {} {}", groups.label, layout);
}

/// gemv pads its groups, so their number must come from the configuration.
Result<Groups> padded_groups(const Part& scales, std::int64_t inputs, std::int64_t room,
                             std::int64_t group_size) {
  const std::int64_t size = group_size > 0 ? group_size : inputs;
  const std::int64_t count = ceil_divide(inputs, size);
  if (count > room)
    return fail(part_error("CODEC-104", scales,
                           fmt::format("scales for {} groups of {}", count, size),
                           shape_text(scales)));
  return find_groups(scales, {}, inputs, count, size);
}

}  // namespace

Result<Matrix> make_awq_gemm(const AwqParts& parts, std::int64_t group_size) {
  QUALM_CHECK(expect_dtype(parts.qweight, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_shape(parts.qweight, {-1, -1}));
  QUALM_CHECK(expect_filled(parts.qweight));
  const std::int64_t inputs = parts.qweight.shape[0];
  const std::int64_t outputs = parts.qweight.shape[1] * 8;
  QUALM_CHECK(expect_scales(parts.scales, -1, outputs));
  QUALM_CHECK(expect_filled(parts.scales));
  const std::int64_t count = parts.scales.shape[0];
  std::vector<model::Note> notes;
  if (parts.qzeros) {
    QUALM_CHECK(expect_dtype(*parts.qzeros, {Dtype::kI32, Dtype::kU32}));
    QUALM_CHECK(expect_shape(*parts.qzeros, {count, parts.qweight.shape[1]}));
  } else {
    notes.push_back({"", "no zero points are stored; 8 is taken for all"});
  }
  QUALM_TRY(const Groups groups, find_groups(parts.scales, {}, inputs, count, group_size));
  std::string name = name_of(groups, "gemm");
  const auto group_of = [parts, outputs](std::int64_t n, std::int64_t j) {
    return Group{number_at(parts.scales, j * outputs + n),
                 parts.qzeros ? static_cast<float>(gemm_code(*parts.qzeros, j, n)) : 8.0f};
  };
  const auto code_of = [qweight = parts.qweight](std::int64_t n, std::int64_t k) {
    return gemm_code(qweight, k, n);
  };
  return Matrix{
      {outputs, inputs},
      {std::move(name), -1, groups.grid(4, inputs, ZeroPoint::stored)},
      awq_data(outputs, AwqCodes{inputs, groups, parts.scales, group_of, code_of}, GridWeight{}),
      std::move(notes)};
}

Result<Matrix> make_awq_gemv(const AwqParts& parts, std::int64_t group_size) {
  QUALM_CHECK(expect_dtype(parts.qweight, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_shape(parts.qweight, {-1, -1}));
  QUALM_CHECK(expect_filled(parts.qweight));
  if (!parts.qzeros)
    return fail(part_error("CODEC-110", parts.qweight, "qzeros beside it", "none"));
  const std::int64_t outputs = parts.qweight.shape[0];
  const std::int64_t inputs = parts.qweight.shape[1] * 8;
  QUALM_CHECK(expect_dtype(*parts.qzeros, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_shape(*parts.qzeros, {outputs, -1}));
  QUALM_CHECK(expect_filled(*parts.qzeros));
  const std::int64_t room = parts.qzeros->shape[1] * 8;
  QUALM_CHECK(expect_scales(parts.scales, outputs, room));
  QUALM_TRY(const Groups groups, padded_groups(parts.scales, inputs, room, group_size));
  std::string name = name_of(groups, "gemv");
  const auto group_of = [parts, room](std::int64_t n, std::int64_t j) {
    return Group{number_at(parts.scales, n * room + j),
                 static_cast<float>(gemv_code(*parts.qzeros, n, j))};
  };
  const auto code_of = [qweight = parts.qweight](std::int64_t n, std::int64_t k) {
    return gemv_code(qweight, n, k);
  };
  return Matrix{
      {outputs, inputs},
      {std::move(name), -1, groups.grid(4, inputs, ZeroPoint::stored)},
      awq_data(outputs, AwqCodes{inputs, groups, parts.scales, group_of, code_of}, GridWeight{}),
      {}};
}

Result<Matrix> make_awq_gemv_fast(const AwqParts& parts, std::int64_t group_size) {
  QUALM_CHECK(expect_dtype(parts.qweight, {Dtype::kI16, Dtype::kU16}));
  QUALM_CHECK(expect_shape(parts.qweight, {-1, -1}));
  QUALM_CHECK(expect_filled(parts.qweight));
  if (!parts.qzeros)
    return fail(part_error("CODEC-110", parts.qweight, "qzeros beside it", "none"));
  const std::int64_t outputs = parts.qweight.shape[0] * 4;
  const std::int64_t inputs = parts.qweight.shape[1];
  if (inputs % 64 != 0)
    return fail(part_error("CODEC-104", parts.qweight, "a multiple of 64 inputs",
                           shape_text(parts.qweight)));
  QUALM_CHECK(expect_scales(parts.scales, -1, outputs));
  const std::int64_t room = parts.scales.shape[0];
  QUALM_CHECK(expect_scales(*parts.qzeros, room, outputs));
  QUALM_TRY(const Groups groups, padded_groups(parts.scales, inputs, room, group_size));
  std::string name = name_of(groups, "gemv_fast");
  const auto group_of = [parts, outputs](std::int64_t n, std::int64_t j) {
    return Group{number_at(parts.scales, j * outputs + n),
                 number_at(*parts.qzeros, j * outputs + n)};
  };
  // Within 64 inputs: input 32h + 8a + 2b + c is at place 32h + 8b + 4c + a.
  const auto code_of = [qweight = parts.qweight, inputs](std::int64_t n, std::int64_t k) {
    const std::int64_t a = k % 32 / 8;
    const std::int64_t b = k % 8 / 2;
    const std::int64_t place = k % 64 / 32 * 32 + 8 * b + 4 * (k % 2) + a;
    const std::int64_t word = n / 4 * inputs + k / 64 * 64 + 16 * (n % 4) + place / 4;
    return (load<std::uint16_t>(qweight.bytes.data(), word) >> (4 * (place % 4))) & 15u;
  };
  return Matrix{
      {outputs, inputs},
      {std::move(name), -1, groups.grid(4, inputs, ZeroPoint::stored)},
      awq_data(outputs, AwqCodes{inputs, groups, parts.scales, group_of, code_of}, scale_then_add),
      {}};
}

}  // namespace qualm::codec
