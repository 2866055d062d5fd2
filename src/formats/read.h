// Any model on disk, whatever it is: the one entrance to formats/.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::formats {

/// A GGUF (or the first of its shards), a folder that holds one GGUF, or a Hugging Face folder (or
/// its config.json, index, or safetensors file).
/// Errors: those of the readers, READ-001 a folder without a model, READ-002 with more than one,
/// READ-003 something else than a model: an adapter, an importance matrix, a vocabulary.
[[nodiscard]] Result<model::Checkpoint> read(const std::string& path);
/// The same for a list: what headers say, without the tokenizer of a Hugging Face folder.
[[nodiscard]] Result<model::Checkpoint> read_header(const std::string& path);
/// A LoRA as llama.cpp loads it, a GGUF. READ-004: something else.
[[nodiscard]] Result<model::Checkpoint> read_adapter(const std::string& path);

/// The same for what is to be run: READ-003 for encoders and other models that predict no next
/// token, too (model/kind.h).
[[nodiscard]] Result<model::Checkpoint> read_language_model(const std::string& path);

}  // namespace qualm::formats
