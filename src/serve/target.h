// The target of a request: "/api/files?path=a%20b" in its parts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace qualm::serve {

struct Target {
  std::vector<std::string> path;             ///< {"api", "files"}; empty: "/"
  std::map<std::string, std::string> query;  ///< decoded
};

/// SERVE-022: not a path that begins with a slash, an escape that is none, a control character, a
/// name of the query twice, or longer than kLongestTarget.
inline constexpr std::size_t kLongestTarget = 8192;  ///< bytes
[[nodiscard]] Result<Target> parse_target(std::string_view raw);

}  // namespace qualm::serve
