// A short name for the content of model files, for cache keys.
#pragma once

#include <string>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// XXH3-128 over every byte of every file of the checkpoint. Reads at the disk's speed and warms
/// the page cache for the load that follows. Not safe against attackers: a user who forges a
/// collision only cheats himself. Errors: FILE-*; APP-002 stopped on request.
[[nodiscard]] Result<std::string> content_hash(const model::Checkpoint& checkpoint,
                                               Progress& progress);

}  // namespace qualm::experiment
