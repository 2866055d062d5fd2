// The tokenizer files of a Hugging Face folder as GGUF metadata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/metadata.h"

namespace qualm::formats::hf {

/// tokenizer.* keys of the folder's tokenizer files; special ids and flags included. vocab_size:
/// rows of the embedding, pads the token list as llama.cpp's converter does. notes: findings worth
/// telling.
[[nodiscard]] Result<void> read_tokenizer(const std::string& folder, std::string_view model_type,
                                          std::int64_t vocab_size, model::Metadata& metadata,
                                          std::vector<std::string>& notes);

}  // namespace qualm::formats::hf
