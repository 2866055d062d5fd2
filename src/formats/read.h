// Any model on disk, whatever it is: the one entrance to formats/.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::formats {

/// A GGUF (or the first of its shards), a folder that holds one GGUF, or a Hugging Face folder (or
/// its config.json, index, or safetensors file).
/// Errors: those of the readers, READ-001 a folder without a model, READ-002 with more than one.
[[nodiscard]] Result<model::Checkpoint> read(const std::string& path);

}  // namespace qualm::formats
