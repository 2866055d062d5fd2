// One file has output.weight; in the other it is missing, and libllama uses the embedding as the
// output matrix. Are the two the same matrix?
#pragma once

#include <optional>

#include "diagnose/metadata_difference.h"

namespace qualm::diagnose {

/// Absent if both files or neither have output.weight, or if the two matrices are the same except
/// for rounding. A matrix that cannot be read is a note.
[[nodiscard]] std::optional<Difference> head_difference(const model::Checkpoint& candidate,
                                                        const model::Checkpoint& baseline);

}  // namespace qualm::diagnose
