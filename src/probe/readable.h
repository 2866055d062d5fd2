// The part of a text that a tokenizer can read.
//
// libllama throws where a vocabulary has neither a token for a character nor tokens for its bytes;
// Hugging Face's tokenizers leave such characters out. So do we, and count them, since a text is
// still read when two curly quotes of it are not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace qualm::probe {

struct Unread {
  std::string character;  ///< UTF-8, or one byte that is none
  std::int64_t count = 0;
};

struct Readable {
  std::string text;  ///< without the characters that the tokenizer throws at
  std::int64_t characters = 0;
  std::vector<Unread> left_out;  ///< in the order of the text
  std::string thrown;            ///< what the tokenizer threw; empty where it reads all

  [[nodiscard]] std::int64_t count() const noexcept;  ///< of characters left out
};

/// Errors: TOKENIZER-001 a tokenizer that still throws when each character it cannot read is gone.
[[nodiscard]] Result<Readable> readable(engine::Model& model, std::string_view text);

/// "37 of 261812 characters (“ ” ’ —)"
[[nodiscard]] std::string left_out_in_words(const Readable& readable);

}  // namespace qualm::probe
