#include "commands/base_name.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "model/file_type.h"

namespace qualm::commands {
namespace {

bool is_letter_or_digit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// A word that says how a model is stored, and not which one it is.
bool is_storage(std::string_view word) {
  constexpr std::array<std::string_view, 26> kWords{
      "gguf", "awq",  "gptq", "exl2", "exl3",    "bnb",  "hqq",         "mlx",   "fp8",
      "fp16", "bf16", "f16",  "f32",  "int4",    "int8", "nf4",         "nvfp4", "mxfp4",
      "4bit", "8bit", "3bit", "6bit", "imatrix", "i1",   "safetensors", "qref"};
  const std::string small = lower_case(word);
  return std::ranges::find(kWords, small) != kWords.end() ||
         model::file_type_named(upper_case(word)).has_value();
}

}  // namespace

std::string base_name(std::string_view name) {
  if (const auto slash = name.rfind('/'); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  while (true) {
    const auto at = name.find_last_of("-. ");
    if (at == std::string_view::npos || !is_storage(name.substr(at + 1))) break;
    name = name.substr(0, at);
  }
  std::string base;
  std::ranges::copy_if(lower_case(name), std::back_inserter(base), is_letter_or_digit);
  return base;
}

}  // namespace qualm::commands
