// How the weights of a tensor are stored, and the one table of what is known of each scheme.
//
// A new scheme is its codec and its row in encoding.cpp. A row says what its makers document;
// whether a type can be decoded is the codec's affair.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qualm::model {

/// Bits per weight as stored, of three types that limits are drawn at.
inline constexpr double kQ4KBits = 4.5;
inline constexpr double kQ5KBits = 5.5;
inline constexpr double kF16Bits = 16;

enum class EncodingFamily {
  floats,       ///< F64, F32, F16, BF16: nothing was quantized
  integers,     ///< numbers that are no weights
  ggml_legacy,  ///< Q4_0, Q4_1, Q5_0, Q5_1, Q8_0
  k_quant,
  i_quant,
  ternary,
  one_bit,  ///< Q1_0, Q2_0
  fp8,
  fp4,
  int8,
  gptq,
  awq,
  marlin,
  exl2,
  exl3,
  bitsandbytes,
  hqq,
  compressed_tensors,
  quanto,
  torchao,
  unknown,
};

/// One row of the table: a type of ggml, or a scheme of a package.
struct EncodingType {
  std::string_view name{};  ///< Encoding::name is this, or begins with it and a blank
  EncodingFamily family = EncodingFamily::unknown;
  int ggml_type = -1;      ///< its id in ggml; -1: not one of ggml's
  int bits = 0;            ///< of a weight's code, rounded up; 0: differs from tensor to tensor
  std::int64_t group = 0;  ///< weights in a row that share a scale; 0: none do, or it differs
  double stored_bits = 0;  ///< per weight, scales included; 0: differs from tensor to tensor
  double rounding = 0;     ///< of floats: the largest relative error of a number stored so
  bool even_grid = false;  ///< values a step apart, so that rounding costs step^2 / 12
  bool needs_importance = false;  ///< ggml makes it with an importance matrix only
  bool weights_alone = false;     ///< its tools look at the weights alone: never calibrated
  bool may_read_text = false;  ///< its tools may read a text, and put the error where it costs less
  /// llama-quantize's name of what gives most matrices this type; empty where none is offered.
  std::string_view quant_type{};
  std::string_view package{};  ///< what a model mostly of it is called; empty: not quantized
  bool shared = false;         ///< several packages write it, whose names tell more
};

/// The row of an encoding's name; of none: a row of family unknown.
[[nodiscard]] const EncodingType& encoding_type(std::string_view name) noexcept;
/// The row of a type of ggml, by its id. Null for ids without one.
[[nodiscard]] const EncodingType* ggml_encoding(int ggml_type) noexcept;
/// The row of a type of ggml by its name in any case: "q6_K". Null for all others.
[[nodiscard]] const EncodingType* ggml_encoding(std::string_view name) noexcept;
[[nodiscard]] std::span<const EncodingType> encoding_types() noexcept;

/// An even grid that rounding to nearest can make as well, from the extremes of each group of
/// inputs.
struct Grid {
  struct Group {
    int bits = 0;
    std::int64_t inputs = 0;
  };
  std::vector<Group> groups;  ///< along a row, in order; the last one repeats to its end
  bool symmetric = false;     ///< zero is the middle code, else a code of its own for each group
  /// Scales are k^2 / 256 of the largest of that group in the matrix, k in 1 .. 16: EXL2's.
  bool root_scales = false;
};

/// How the weights of one tensor are stored.
struct Encoding {
  Encoding() = default;
  /// Finds its row by the name. This is how readers make one.
  Encoding(std::string with_name, int with_ggml_type = -1,
           std::optional<Grid> with_grid = std::nullopt);

  std::string name;    ///< in the field's words: "Q4_K", "BF16", "GPTQ 4 bit g128", "EXL2 4.00 bit"
  int ggml_type = -1;  ///< of the ggml type that holds every value exactly, else -1
  std::optional<Grid> grid;  ///< of those that calibration fits; none of ggml's
  const EncodingType* type = &encoding_type("");  ///< its row; never null
  int bits = 0;            ///< of a code; 0: not known, or several widths (see grid)
  std::int64_t group = 0;  ///< inputs that share a scale; 0: none do, or several sizes

  /// The same with the width and the group that the name alone does not give.
  [[nodiscard]] Encoding with_codes(int of_bits, std::int64_t of_group) &&;
  [[nodiscard]] bool is_float() const noexcept { return type->family == EncodingFamily::floats; }
};

/// Of a tensor made of parts that are stored so: "BF16 + F16", a float where all are, else of the
/// first type that is none; ggml_type -1 where they differ. Grid, bits and group are the first's.
/// Precondition: not empty.
[[nodiscard]] Encoding joined(std::span<const Encoding> parts);

}  // namespace qualm::model
