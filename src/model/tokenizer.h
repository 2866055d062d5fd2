// A tokenizer in one line, and a digest that is equal exactly for equal tokenizers.
#pragma once

#include <cstdint>
#include <string>

#include "model/metadata.h"

namespace qualm::model {

struct TokenizerSummary {
  std::string model;            ///< tokenizer.ggml.model; empty where absent
  std::string pre;              ///< tokenizer.ggml.pre; empty where absent
  std::int64_t vocab_size = 0;  ///< entries of tokenizer.ggml.tokens
  std::string sha256;           ///< tokenizer_digest
};

[[nodiscard]] TokenizerSummary tokenizer_summary(const Metadata& metadata);

/// SHA-256 in hexadecimal over all tokenizer.* keys but the chat templates
/// (tokenizer.chat_template*), in the byte order of the keys. Each contributes
///
///   string key | kind | value         string: u64 length | bytes, everything little-endian
///   kinds:  'b' u8 0 or 1   'i' i64   'f' IEEE binary32   's' string
///           'I' 'F' 'S': u64 count | that many i64, binary32, strings
///
/// Integers count by their value, not by the width a writer chose; floats are the binary32 that
/// GGUF stores scores as. Empty where there is no tokenizer.
[[nodiscard]] std::string tokenizer_digest(const Metadata& metadata);

}  // namespace qualm::model
