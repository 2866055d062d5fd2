// Which process of this user runs a server on this machine, and how it was started. Linux;
// elsewhere nothing is found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qualm::remote {

using CommandLine = std::vector<std::string>;

/// Of the process of this user that listens on that TCP port. Absent: none, or another user's.
[[nodiscard]] std::optional<CommandLine> command_of_listener(std::int64_t port);

struct Process {
  CommandLine words;
  std::string folder;  ///< that it runs in: relative paths of its command line are in it
};
/// All processes of this user.
[[nodiscard]] std::vector<Process> own_processes();

/// The value of an option that has several names: "-m FILE", "--model FILE", "--model=FILE"; the
/// last one counts.
[[nodiscard]] std::optional<std::string> option_of(const CommandLine& words,
                                                   std::initializer_list<std::string_view> names);

}  // namespace qualm::remote
