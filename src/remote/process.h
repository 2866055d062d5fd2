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

struct Process {
  CommandLine words;
  std::string folder{};  ///< that it runs in: relative paths of its command line are in it
  /// "LLAMA_ARG_PORT=8081": what llama.cpp reads in place of options. No other variable is kept.
  std::vector<std::string> variables{};
};

/// Of the process of this user that listens on that TCP port. Absent: none, or another user's.
[[nodiscard]] std::optional<Process> listener(std::int64_t port);

/// All processes of this user.
[[nodiscard]] std::vector<Process> own_processes();

/// An option of llama.cpp.
struct Option {
  std::vector<std::string_view> names;
  std::string_view variable;
};
inline const Option kModel{{"-m", "--model"}, "LLAMA_ARG_MODEL"};
inline const Option kPort{{"--port"}, "LLAMA_ARG_PORT"};
inline const Option kCacheTypeK{{"-ctk", "--cache-type-k"}, "LLAMA_ARG_CACHE_TYPE_K"};
inline const Option kCacheTypeV{{"-ctv", "--cache-type-v"}, "LLAMA_ARG_CACHE_TYPE_V"};

/// Its value: "-m FILE", "--model FILE", "--model=FILE", where the last one counts; where the
/// command line has none, its variable.
[[nodiscard]] std::optional<std::string> value_of(const Option& option, const Process& process);

}  // namespace qualm::remote
