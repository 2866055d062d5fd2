// Finished windows on disk, so that a repeated or resumed run does not measure twice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/progress.h"
#include "evaluate/score_pairs.h"

namespace qualm::experiment {

inline constexpr std::int64_t kMostBytesOfScores = std::int64_t{512} << 20;

/// $XDG_CACHE_HOME/qualm, or ~/.cache/qualm.
[[nodiscard]] std::string cache_folder();

/// An SQLite database that keeps the scores of windows. A problem with the cache is never an error:
/// where it cannot be opened, read or written, a note says so and the work goes on without; a
/// corrupt one is set aside under another name. Several processes may share it.
/// At `most_bytes`, what is older than the newer half is forgotten when it is opened.
[[nodiscard]] std::unique_ptr<evaluate::WindowStore> open_store(
    const std::string& path, Progress& progress, std::int64_t most_bytes = kMostBytesOfScores);

/// The user's store in cache_folder(); without `use` one that is gone with the process.
[[nodiscard]] std::unique_ptr<evaluate::WindowStore> open_store(bool use, Progress& progress);

/// The same for kept windows of originals.
[[nodiscard]] std::unique_ptr<evaluate::WindowStore> open_references(bool use, Progress& progress,
                                                                     std::int64_t most_bytes);

}  // namespace qualm::experiment
