// general.file_type: what the writer of a GGUF called its mix of types.
//
// A label and no more: per-tensor overrides and third-party recipes leave it as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace qualm::model {

struct FileTypeLabel {
  std::int64_t id = 0;
  std::string_view name;       ///< "Q4_K_M"
  std::string_view main_type;  ///< what llama-quantize gives most matrices under this label: "Q4_K"
  std::string_view or_type;    ///< another that may come out as the most used one; often empty
};

/// Source: llama.cpp's enum llama_ftype and the default types of llama-quant.cpp.
[[nodiscard]] std::optional<FileTypeLabel> file_type_label(std::int64_t id) noexcept;

/// Added to the id where the writer guessed it (LLAMA_FTYPE_GUESSED).
inline constexpr std::int64_t kGuessedFileType = 1024;

}  // namespace qualm::model
