// Finished windows on disk, so that a repeated or resumed run does not measure twice.
#pragma once

#include <memory>
#include <string>

#include "base/progress.h"
#include "evaluate/score_pairs.h"

namespace qualm::experiment {

/// $XDG_CACHE_HOME/qualm, or ~/.cache/qualm.
[[nodiscard]] std::string cache_folder();

/// An SQLite database that keeps the scores of windows. A problem with the cache is never an error:
/// where it cannot be opened, read or written, a note says so and the work goes on without; a
/// corrupt one is set aside under another name. Several processes may share it.
[[nodiscard]] std::unique_ptr<evaluate::WindowStore> open_store(const std::string& path,
                                                                Progress& progress);

/// The user's store in cache_folder(); without `use` a store that keeps nothing.
[[nodiscard]] std::unique_ptr<evaluate::WindowStore> open_store(bool use, Progress& progress);

}  // namespace qualm::experiment
