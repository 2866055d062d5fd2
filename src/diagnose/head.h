// A head that one of two files leaves to the embedding, as libllama does where output.weight is
// missing: whether it is the same matrix.
#pragma once

#include <optional>

#include "diagnose/metadata_difference.h"

namespace qualm::diagnose {

/// Absent where both or neither have a head of their own, and where the head that one has is the
/// embedding that the other uses, but for rounding. A head that cannot be read is a note.
[[nodiscard]] std::optional<Difference> head_difference(const model::Checkpoint& candidate,
                                                        const model::Checkpoint& baseline);

}  // namespace qualm::diagnose
