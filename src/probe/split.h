// Whether two tokenizers split text alike: what a difference in their keys comes to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/engine.h"

namespace qualm::probe {

struct Split {
  bool equal = true;
  std::int64_t tokens = 0;           ///< of the candidate
  std::int64_t tokens_baseline = 0;  ///< of the baseline, same text
  std::int64_t at = 0;               ///< the first token that differs
  std::string before;                ///< the text before it, its end
  std::string candidate;             ///< pieces from there on, "|" between them
  std::string baseline;
};

/// Many scripts, code, numbers, white space, contractions, emoji: what pre-tokenizers disagree on.
[[nodiscard]] std::string_view split_text() noexcept;

/// Tokens are compared by their ids: the vocabularies must be the same. Errors: TOKENIZER-001 of
/// either.
[[nodiscard]] Result<Split> compare_splits(engine::Model& candidate, engine::Model& baseline,
                                           std::string_view text);

/// "token 17, after "Once upon": "▁a|▁ti", in the baseline "▁a|▁time" (812 tokens, in the baseline
/// 640)"
[[nodiscard]] std::string in_words(const Split& split);

}  // namespace qualm::probe
