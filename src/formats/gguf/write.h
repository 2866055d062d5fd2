// A GGUF v3 of the keys and tensors of another one, byte for byte: no value goes through libggml,
// which would cut strings at a NUL.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::gguf {

/// Keys keep their types, tensors their bytes; of a split model the result is one file. Errors:
/// FILE-*. Precondition: all tensors have bytes of a type of ggml, as those of a GGUF have.
[[nodiscard]] Result<void> write(const model::Checkpoint& checkpoint, const std::string& path);

}  // namespace qualm::gguf
