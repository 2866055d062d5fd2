// The address of a server that runs a model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::remote {

struct Address {
  std::string base;  ///< "http://127.0.0.1:8080"; no path, no slash at the end. Or "run:COMMAND"
  std::int64_t port = 0;
  bool loopback = false;  ///< this machine
  bool encrypted = false;
};

/// A word that begins so is a command that answers as a server does.
inline constexpr std::string_view kRun = "run:";

[[nodiscard]] bool is_address(const std::string& word) noexcept;

/// An address, or a command with run:.
[[nodiscard]] bool is_server_word(const std::string& word) noexcept;

/// http://HOST[:PORT] or https://HOST[:PORT]; a path other than "/" is refused, and so are names
/// and passwords in it. REMOTE-001.
[[nodiscard]] Result<Address> parse_address(const std::string& word);

}  // namespace qualm::remote
