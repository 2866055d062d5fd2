// A Hugging Face folder's tokenizer as GGUF metadata, such that libllama splits text as the
// original does, or a note says where it cannot.
//
// What is read: tokenizer.json, tokenizer.model, tokenizer_config.json, special_tokens_map.json,
// added_tokens.json, generation_config.json, config.json (special ids), chat_template.{jinja,json}.
// Which is followed: tokenizer.model, unless tokenizer.json is a byte-level BPE (Llama 3 folders
// carry a tiktoken file under that name). Keys and types are those of llama.cpp's converter; the
// scores of a BPE with byte fallback are not (it writes -1000 for every token, so that libllama
// merges from left to right instead of by rank): they are the ranks of the merges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/metadata.h"

namespace qualm::formats::hf {

/// tokenizer.* keys of the folder's tokenizer files; special ids and flags included. `vocab_size`:
/// rows of the embedding, pads the token list as llama.cpp's converter does; 0: not known, then
/// ids must be without holes. `notes`: findings worth telling.
///
/// Errors: JSON-*, FILE-*; TOK-001 protobuf ends inside a field, TOK-004 protobuf that is none,
/// TOK-010 a part of a wrong type, TOK-011 an id out of range, TOK-012 an id or a text twice,
/// TOK-013 ids with holes, TOK-014 a merge that is none or names an unknown token, TOK-016 a score
/// that is not finite, TOK-017 a charsmap that lies, TOK-020 no tokenizer here, TOK-021 a kind of
/// tokenizer that is not supported.
[[nodiscard]] Result<void> read_tokenizer(const std::string& folder, std::string_view model_type,
                                          std::int64_t vocab_size, model::Metadata& metadata,
                                          std::vector<std::string>& notes);

}  // namespace qualm::formats::hf
