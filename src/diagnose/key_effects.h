// What a metadata key does to a model's answers, and what its absence means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/checkpoint.h"

namespace qualm::diagnose {

/// "positions are encoded otherwise"; empty for keys of which nothing special is known. `key` as in
/// the file: "llama.rope.freq_base", "tokenizer.ggml.pre".
[[nodiscard]] std::string_view effect_of(std::string_view key) noexcept;

/// The value with which llama.cpp reads a file that does not say (llama-model.cpp, load_hparams),
/// for keys where it follows from the file; absent elsewhere.
[[nodiscard]] std::optional<double> default_of(std::string_view key,
                                               const model::Checkpoint& checkpoint);

/// The key decides how text becomes tokens and nothing else: where two tokenizers split text alike,
/// a difference in it comes to nothing.
[[nodiscard]] bool only_splits(std::string_view key) noexcept;

/// The key decides with which token a text begins.
[[nodiscard]] bool starts_texts(std::string_view key) noexcept;

/// The key decides where an answer or a conversation ends: what a given text costs does not change
/// with it.
[[nodiscard]] bool only_ends(std::string_view key) noexcept;

/// The key says nothing that a runtime reads for one text at a time (padding of batches, masks).
[[nodiscard]] bool unread(std::string_view key) noexcept;

}  // namespace qualm::diagnose
