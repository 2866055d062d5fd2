// Repetition of a text, as figures.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "engine/engine.h"

namespace qualm::probe {

/// A text ends in a loop when a piece of `period` tokens comes at least kLoopRepeats times in a row
/// at its end and the repeating part has at least kLoopTokens tokens. So a word needs 16 of itself,
/// a sentence of ten tokens three. Our definition: short enough for texts of 64 tokens, long enough
/// that refrains and lists ("very, very") are none.
inline constexpr std::int64_t kLoopRepeats = 3;
inline constexpr std::int64_t kLoopTokens = 16;

struct Loop {
  std::int64_t period = 0;  ///< the smallest one
  std::int64_t begin = 0;   ///< token from which on the text repeats; its last period may be cut
};
[[nodiscard]] std::optional<Loop> ending_loop(std::span<const engine::Token> text);

/// Share of the text's n-grams that have come before in it: 1 - distinct n-grams / n-grams
/// (seq-rep-n of Welleck et al. 2020, "Neural text generation with unlikelihood training"). Absent
/// for a text of fewer than n tokens. distinct-n (Li et al. 2016) of one text is 1 minus this.
[[nodiscard]] std::optional<double> repeated_ngrams(std::span<const engine::Token> text,
                                                    std::int64_t n);

}  // namespace qualm::probe
