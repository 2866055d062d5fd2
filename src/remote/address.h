// The address of a server that runs a model.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace qualm::remote {

struct Address {
  std::string base;  ///< "http://127.0.0.1:8080"; no path, no slash at the end
  std::int64_t port = 0;
  bool loopback = false;  ///< this machine
  bool encrypted = false;
};

[[nodiscard]] bool is_address(const std::string& word) noexcept;

/// http://HOST[:PORT] or https://HOST[:PORT]; a path other than "/" is refused, and so are names
/// and passwords in it. REMOTE-001.
[[nodiscard]] Result<Address> parse_address(const std::string& word);

}  // namespace qualm::remote
