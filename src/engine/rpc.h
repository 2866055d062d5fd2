// The first words with a ggml-rpc-server. ggml itself ends the process where a server does not
// answer or speaks another version, so it is asked before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::engine {

enum class RpcReach : std::uint8_t { private_only, anywhere };

/// An IPv4 address that no packet leaves the house for: loopback, RFC 1918, link-local.
[[nodiscard]] bool is_private_address(std::string_view address);

/// "192.168.1.5:50052" of a server ("host:port", as ggml takes it: IPv4) that answers and speaks
/// this ggml's version. Errors: RPC-001 not host:port, or no such host; RPC-002 a public address;
/// RPC-003 no answer; RPC-005 another version.
[[nodiscard]] Result<std::string> greet(const std::string& server, RpcReach reach);

}  // namespace qualm::engine
