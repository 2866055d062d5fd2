#include "formats/gguf/type_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace qualm::gguf {
namespace {

struct Name {
  int id;
  std::string_view name;
};

/// From the comments of ggml.h's enum ggml_type.
constexpr std::array<Name, 8> kRemoved = {{{4, "Q4_2"},
                                           {5, "Q4_3"},
                                           {31, "Q4_0_4_4"},
                                           {32, "Q4_0_4_8"},
                                           {33, "Q4_0_8_8"},
                                           {36, "IQ4_NL_4_4"},
                                           {37, "IQ4_NL_4_8"},
                                           {38, "IQ4_NL_8_8"}}};

/// From ik_llama.cpp's enum ggml_type, those met most.
constexpr std::array<Name, 15> kIk = {{{137, "IQ2_K"},
                                       {138, "IQ3_K"},
                                       {139, "IQ4_K"},
                                       {140, "IQ5_K"},
                                       {141, "IQ6_K"},
                                       {144, "IQ4_KS"},
                                       {145, "IQ2_KS"},
                                       {146, "IQ4_KSS"},
                                       {152, "IQ5_KS"},
                                       {153, "IQ2_KT"},
                                       {154, "IQ3_KT"},
                                       {155, "IQ4_KT"},
                                       {156, "IQ3_KS"},
                                       {157, "IQ2_KL"},
                                       {158, "IQ1_KT"}}};

/// Where ik_llama.cpp's ids lie; the ranges have gaps.
constexpr bool is_ik(int id) {
  return (id >= 97 && id <= 99) || (id >= 133 && id <= 158) || (id >= 202 && id <= 233) ||
         (id >= 335 && id <= 399);
}

template <std::size_t N>
std::string_view name_in(const std::array<Name, N>& names, int id) {
  const auto it = std::ranges::find(names, id, &Name::id);
  return it == names.end() ? std::string_view() : it->name;
}

}  // namespace

ForeignType foreign_type(int id) {
  if (const auto name = name_in(kRemoved, id); !name.empty())
    return {ForeignType::Origin::removed, fmt::format("{} ({}, removed from ggml)", id, name),
            "Make the file anew from the original: today's runtimes repack Q4_0 and IQ4_NL on "
            "loading."};
  if (is_ik(id)) {
    const auto name = name_in(kIk, id);
    return {ForeignType::Origin::ik_llama_cpp,
            fmt::format("{} ({} of ik_llama.cpp)", id, name.empty() ? "a type" : name),
            "This file runs in ik_llama.cpp only, which qualm does not decode: use a quant with "
            "llama.cpp's types."};
  }
  return {ForeignType::Origin::unknown, fmt::format("{}", id),
          "Either the file is damaged, or it was made with a newer llama.cpp than this qualm was "
          "built with."};
}

}  // namespace qualm::gguf
