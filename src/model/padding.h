// Entries at the end of a vocabulary that stand for no token: rows of padding.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/checkpoint.h"

namespace qualm::model {

/// A name that converters and trainers give to entries without a token: "[PAD151650]", "<unused7>".
[[nodiscard]] bool is_placeholder(std::string_view token) noexcept;

/// Entries with the same tokens in two files, and how many entries of padding follow in each.
struct CommonVocabulary {
  std::int64_t tokens = 0;
  std::int64_t padding_a = 0;
  std::int64_t padding_b = 0;
};
/// Absent where the two are equally long, where their tokens differ, and where what one has more is
/// a token that texts may use. Reads rows of the embedding where a name does not tell.
[[nodiscard]] std::optional<CommonVocabulary> common_vocabulary(const Checkpoint& a,
                                                                const Checkpoint& b);

/// Entries of padding after the first `tokens`. 0: it has no more entries, or one of them is a
/// token that texts may use.
[[nodiscard]] std::int64_t padding_after(const Checkpoint& checkpoint, std::int64_t tokens);

/// The model with its first `tokens` entries alone: embedding, head and the lists of tokens.
[[nodiscard]] Checkpoint first_tokens(Checkpoint checkpoint, std::int64_t tokens);

}  // namespace qualm::model
