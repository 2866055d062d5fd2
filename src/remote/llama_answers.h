// What llama-server answers, read from its text, which is not trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "remote/server.h"

namespace qualm::remote {

/// Of /props; absent where another kind of server wrote it. Without `adapters` and `vocab_size`.
[[nodiscard]] std::optional<ServerInfo> read_properties(const std::string& body,
                                                        const Address& address);

/// Of /lora-adapters: paths of those in use. Older servers have no such list: then none is known.
[[nodiscard]] std::vector<std::string> read_adapters(const std::string& body,
                                                     const Address& address);

/// Of /v1/models: tokens of the vocabulary; 0 where it does not tell.
[[nodiscard]] std::int64_t read_vocabulary(const std::string& body, const Address& address);

/// What /completion was asked.
struct Sent {
  std::int64_t tokens = 0;
  engine::Token forced = 0;
};
/// What it says of the first token that it wrote; absent where it tells nothing of it. The row is
/// not checked yet. Errors: REMOTE-007, REMOTE-010.
[[nodiscard]] Result<std::optional<evaluate::PartialRow>> read_completion(const std::string& body,
                                                                          const Address& address,
                                                                          const Sent& sent);

}  // namespace qualm::remote
