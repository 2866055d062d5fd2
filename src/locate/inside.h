// Files of a store of another program: small, few, and never outside of it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace qualm::locate {

[[nodiscard]] bool is_folder(const std::string& path);

/// The contents of a file of at most `most` bytes. Errors: FILE-*, LOCATE-005 it is larger.
[[nodiscard]] Result<std::string> small_file(const std::string& path, std::int64_t most);

/// `path`, where it leads to something inside of `store` with all links followed. Errors:
/// LOCATE-004 it leads out of the store, or in a circle; LOCATE-007 it leads to nothing.
[[nodiscard]] Result<std::string> inside(const std::string& store, const std::string& path);

/// Files and links below a folder, as paths relative to it, sorted. Links to folders are not
/// entered. At most `depth` levels, and kMostEntries of all.
inline constexpr std::size_t kMostEntries = 20'000;
[[nodiscard]] std::vector<std::string> files_below(const std::string& folder, int depth);
/// Names of the folders in a folder, sorted.
[[nodiscard]] std::vector<std::string> folders_in(const std::string& folder);

}  // namespace qualm::locate
