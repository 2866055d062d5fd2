// What differs between operating systems: platform.cpp alone knows how.
//
// Linux on x86-64 is built and tested; arm64 is meant to work. macOS would use unlinked temporary
// files in place of memory files (not tested); on Windows qualm runs in WSL2.
#pragma once

#include <cstdint>
#include <string>

namespace qualm {

/// A descriptor of an empty file that has no name in any folder and is gone when it is closed; -1
/// with errno where the system gives none. `name` is for listings of open files.
[[nodiscard]] int open_anonymous_file(const std::string& name);
/// The same on the disk of a folder.
[[nodiscard]] int open_unnamed_file(const std::string& folder);

/// A path under which this process can open that descriptor's file.
[[nodiscard]] std::string path_of_descriptor(int descriptor);

/// Cores this process may run on, which in a container are fewer than the machine has; 1 at least.
[[nodiscard]] std::int32_t available_cores() noexcept;

/// Bytes of memory of this machine.
[[nodiscard]] std::int64_t total_memory() noexcept;
/// Bytes of memory that programs can have now, without the pages of files that the system would
/// give up. The environment variable QUALM_FREE_MEMORY (bytes) says another number, for tests.
[[nodiscard]] std::int64_t free_memory() noexcept;

/// Bytes of address space that this process has mapped; 0 where the system does not say.
[[nodiscard]] std::int64_t mapped_memory() noexcept;

/// qualm's own folder of what this environment variable names (XDG_CACHE_HOME), or of that folder
/// of the home.
[[nodiscard]] std::string user_folder(const char* variable, const std::string& in_home);

/// The file or folder belongs to the user of this process. False where there is none.
[[nodiscard]] bool owned_by_this_user(const std::string& path) noexcept;

/// From now on this process is asked to stop (SIGTERM) when its parent is gone.
void stop_with_parent() noexcept;

/// The path of the running program, from the first word of its command line: looked up in PATH
/// where that is a bare name. (Under a private loader /proc/self/exe is the loader.)
[[nodiscard]] std::string program_path(const char* argv0);

}  // namespace qualm
