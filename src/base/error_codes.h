// Every error code that qualm can give, one row each: what is wrong, and what to do about it.
//
// A new code is a row here and the place that gives it; tests/base/check_error_codes.py holds one
// against the other.
#pragma once

#include <span>
#include <string_view>

#include "base/error.h"

namespace qualm {

struct ErrorRow {
  std::string_view code;     ///< "GGUF-012"
  Kind kind;                 ///< of every error with this code
  std::string_view meaning;  ///< one sentence: what is wrong
  std::string_view advice;   ///< one sentence: what to do; may be empty
};

/// In the order of the codes.
[[nodiscard]] std::span<const ErrorRow> error_rows() noexcept;
/// Null where no code has this name.
[[nodiscard]] const ErrorRow* error_row(std::string_view code) noexcept;

}  // namespace qualm
