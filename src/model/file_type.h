// The quant types of llama.cpp ("Q4_K_M"), and general.file_type, the label that a GGUF has of its
// own.
//
// A label and no more: per-tensor overrides and third-party recipes leave it as it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/checkpoint.h"
#include "model/metadata.h"

namespace qualm::model {

/// How this program makes a quant type with llama.cpp's quantizer.
enum class Made {
  never,            ///< of no use here, or unknown to the oldest libllama that is supported
  plainly,          ///< without an importance matrix
  with_importance,  ///< llama-quantize refuses without one, or what comes out is of no use
};

struct FileTypeLabel {
  std::int64_t id = 0;         ///< of enum llama_ftype
  std::string_view name;       ///< llama-quantize's: "Q4_K_M"
  std::string_view main_type;  ///< what llama-quantize gives most matrices under this label: "Q4_K"
  std::string_view or_type;    ///< another that may come out as the most used one; often empty
  Made made = Made::never;
};

/// Added to the id where the writer guessed it (LLAMA_FTYPE_GUESSED).
inline constexpr std::int64_t kGuessedFileType = 1024;

/// By its id, guessed or not. Source: llama.cpp's enum llama_ftype, the default types of
/// llama-quant.cpp, and QUANT_OPTIONS of llama-quantize.
[[nodiscard]] std::optional<FileTypeLabel> file_type_label(std::int64_t id) noexcept;
/// The label of a file: its general.file_type.
[[nodiscard]] std::optional<FileTypeLabel> file_type_label(const Metadata& metadata);
/// By its name. Absent for names that are none.
[[nodiscard]] std::optional<FileTypeLabel> file_type_named(std::string_view name) noexcept;
/// "Q4_K_M", as the file calls itself; else what most weights are stored as.
[[nodiscard]] std::string type_of(const Checkpoint& checkpoint);

}  // namespace qualm::model
