#include "model/encoding.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"

namespace qualm::model {
namespace {

using enum EncodingFamily;

// Relative rounding of floats: half a unit in the last place. What is in BF16 was often rounded to
// F16 before; what is in F32, computed in F32.
constexpr double kOfF32 = 0x1p-20;
constexpr double kOfF16 = 0x1p-11;
constexpr double kOfBF16 = 0x1p-8 + kOfF16;

enum Marks : unsigned {
  none = 0,
  even = 1,
  needs_importance = 2,
  weights_alone = 4,
  shared = 8,
  may_read_text = 16
};

/// How a type of ggml lies in a file.
struct Block {
  int id = -1;
  int bits = 0;
  std::int64_t group = 0;
  double stored_bits = 0;
};

constexpr EncodingType number(std::string_view name, EncodingFamily family, int id, int bits,
                              double rounding = 0) {
  return {.name = name,
          .family = family,
          .ggml_type = id,
          .bits = bits,
          .stored_bits = static_cast<double>(bits),
          .rounding = rounding};
}

constexpr EncodingType ggml(std::string_view name, EncodingFamily family, const Block& block,
                            unsigned marks = none, std::string_view quant_type = {}) {
  return {.name = name,
          .family = family,
          .ggml_type = block.id,
          .bits = block.bits,
          .group = block.group,
          .stored_bits = block.stored_bits,
          .even_grid = (marks & even) != 0,
          .needs_importance = (marks & needs_importance) != 0,
          .quant_type = quant_type};
}

constexpr EncodingType package(std::string_view name, EncodingFamily family, int bits,
                               unsigned marks, std::string_view word) {
  return {.name = name,
          .family = family,
          .bits = bits,
          .even_grid = (marks & even) != 0,
          .weights_alone = (marks & weights_alone) != 0,
          .may_read_text = (marks & may_read_text) != 0,
          .package = word,
          .shared = (marks & shared) != 0};
}

/// A type of ggml that packages write as well.
constexpr EncodingType both(EncodingType of_ggml, std::string_view word) {
  of_ggml.package = word;
  of_ggml.shared = true;
  return of_ggml;
}

// Of ggml's types: ids from ggml.h, {id, bits, group, stored bits} from ggml-common.h (block_*),
// what needs an importance matrix from ggml_quantize_requires_imatrix; a test holds them against
// libggml. Even grids: codec/ggml_steps.h; not even are books of values (IQ4, FP4, FP8, NF4),
// lattices (IQ1 to IQ3, EXL3) and types of three values, whose far weights are cut off. Of several
// rows that fit a name the first counts.
constexpr auto kTypes = std::to_array<EncodingType>({
    number("F64", floats, 28, 64, kOfF32),
    number("F32", floats, 0, 32, kOfF32),
    number("F16", floats, 1, 16, kOfF16),
    number("BF16", floats, 30, 16, kOfBF16),
    number("I8", integers, 24, 8),
    number("I16", integers, 25, 16),
    number("I32", integers, 26, 32),
    number("I64", integers, 27, 64),
    number("U8", integers, -1, 8),
    number("U16", integers, -1, 16),
    number("U32", integers, -1, 32),
    number("U64", integers, -1, 64),

    ggml("Q4_0", ggml_legacy, {2, 4, 32, 4.5}, even, "Q4_0"),
    ggml("Q4_1", ggml_legacy, {3, 4, 32, 5}, even, "Q4_1"),
    ggml("Q5_0", ggml_legacy, {6, 5, 32, 5.5}, even, "Q5_0"),
    ggml("Q5_1", ggml_legacy, {7, 5, 32, 6}, even, "Q5_1"),
    ggml("Q8_0", ggml_legacy, {8, 8, 32, 8.5}, even, "Q8_0"),
    ggml("Q8_1", ggml_legacy, {9, 8, 32, 9}, even),
    ggml("Q2_K", k_quant, {10, 2, 16, 2.625}, even, "Q2_K"),
    ggml("Q3_K", k_quant, {11, 3, 16, 3.4375}, even, "Q3_K_M"),
    ggml("Q4_K", k_quant, {12, 4, 32, kQ4KBits}, even, "Q4_K_M"),
    ggml("Q5_K", k_quant, {13, 5, 32, kQ5KBits}, even, "Q5_K_M"),
    ggml("Q6_K", k_quant, {14, 6, 16, 6.5625}, even, "Q6_K"),
    ggml("Q8_K", k_quant, {15, 8, 256, 9.125}, even),
    ggml("IQ1_S", i_quant, {19, 2, 32, 1.5625}, needs_importance),
    ggml("IQ1_M", i_quant, {29, 2, 16, 1.75}),
    ggml("IQ2_XXS", i_quant, {16, 2, 32, 2.0625}, needs_importance),
    ggml("IQ2_XS", i_quant, {17, 2, 16, 2.3125}, needs_importance),
    ggml("IQ2_S", i_quant, {22, 2, 16, 2.5625}, none, "IQ2_S"),
    ggml("IQ3_XXS", i_quant, {18, 3, 32, 3.0625}, none, "IQ3_XXS"),
    ggml("IQ3_S", i_quant, {21, 3, 32, 3.4375}, none, "IQ3_S"),
    ggml("IQ4_NL", i_quant, {20, 4, 32, 4.5}, none, "IQ4_NL"),
    ggml("IQ4_XS", i_quant, {23, 4, 32, 4.25}, none, "IQ4_XS"),
    ggml("TQ1_0", ternary, {34, 2, 256, 1.6875}),
    ggml("TQ2_0", ternary, {35, 2, 256, 2.0625}),
    ggml("Q1_0", one_bit, {41, 1, 128, 1.125}),
    ggml("Q2_0", ternary, {42, 2, 64, 2.25}),
    both(ggml("MXFP4", fp4, {39, 4, 32, 4.25}), "MXFP"),
    both(ggml("NVFP4", fp4, {40, 4, 16, 4.5}), "NVFP4"),

    package("GPTQ", gptq, 0, even | may_read_text, "GPTQ"),
    package("AWQ", awq, 0, even | may_read_text, "AWQ"),
    package("Marlin", marlin, 0, even | may_read_text | shared, "Marlin"),
    package("EXL2", exl2, 0, even | may_read_text, "EXL2"),
    package("EXL3", exl3, 0, may_read_text, "EXL3"),
    package("HQQ", hqq, 0, even | weights_alone, "HQQ"),
    package("compressed-tensors", compressed_tensors, 0, even | may_read_text,
            "compressed-tensors"),
    package("bitsandbytes nf4", bitsandbytes, 4, weights_alone, "bitsandbytes NF4"),
    package("bitsandbytes fp4", bitsandbytes, 4, weights_alone, "bitsandbytes FP4"),
    package("bitsandbytes int8", bitsandbytes, 8, even | weights_alone, "bitsandbytes int8"),
    package("quanto I8", quanto, 8, even, "quanto"),
    package("quanto", quanto, 8, none, "quanto"),
    package("torchao int8", torchao, 8, even, "torchao"),
    package("torchao", torchao, 8, none, "torchao"),
    package("MXFP8", fp8, 8, shared, "MXFP"),
    package("FP8", fp8, 8, shared, "FP8"),
    package("int8", int8, 8, even | shared, "int8"),
    // Floats of eight bits without a scale, as they lie in safetensors.
    number("F8_E4M3", fp8, -1, 8),
    number("F8_E5M2", fp8, -1, 8),
    number("F8_E8M0", fp8, -1, 8),
    number("F8_E4M3FNUZ", fp8, -1, 8),
    number("F8_E5M2FNUZ", fp8, -1, 8),
});

constexpr EncodingType kUnknown;

bool is_or_begins(std::string_view name, std::string_view with) {
  return name.starts_with(with) && (name.size() == with.size() || name[with.size()] == ' ');
}

/// Null where no row fits.
template <class Fits>
const EncodingType* find_type(Fits fits) noexcept {
  const auto found = std::ranges::find_if(kTypes, fits);
  return found == kTypes.end() ? nullptr : &*found;
}

}  // namespace

std::span<const EncodingType> encoding_types() noexcept { return kTypes; }

const EncodingType& encoding_type(std::string_view name) noexcept {
  const auto* const found =
      find_type([&](const EncodingType& type) { return is_or_begins(name, type.name); });
  return found ? *found : kUnknown;
}

const EncodingType* ggml_encoding(int ggml_type) noexcept {
  if (ggml_type < 0) return nullptr;
  return find_type([&](const EncodingType& type) { return type.ggml_type == ggml_type; });
}

const EncodingType* ggml_encoding(std::string_view name) noexcept {
  return find_type([&](const EncodingType& type) {
    return type.ggml_type >= 0 && same_letters(type.name, name);
  });
}

Encoding::Encoding(std::string with_name, int with_ggml_type, std::optional<Grid> with_grid)
    : name(std::move(with_name)),
      ggml_type(with_ggml_type),
      grid(std::move(with_grid)),
      type(&encoding_type(name)),
      bits(type->bits),
      group(type->group) {
  if (!grid || grid->groups.size() != 1) return;
  bits = grid->groups.front().bits;
  group = grid->groups.front().inputs;
}

Encoding Encoding::with_codes(int of_bits, std::int64_t of_group) && {
  bits = of_bits;
  group = of_group;
  return std::move(*this);
}

Encoding joined(std::span<const Encoding> parts) {
  std::set<std::string> names;
  Encoding all = parts.front();
  for (const Encoding& part : parts) {
    names.insert(part.name);
    if (part.ggml_type != all.ggml_type) all.ggml_type = -1;
    const bool coarser = part.is_float() && part.type->rounding > all.type->rounding;
    if (all.is_float() && (coarser || !part.is_float())) all.type = part.type;
  }
  all.name = fmt::format("{}", fmt::join(names, " + "));
  return all;
}

}  // namespace qualm::model
