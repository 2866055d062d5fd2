// The socket that a server listens on.
#pragma once

#include <string>

#include "base/error.h"

namespace qualm::serve {

struct Listening {
  int socket = -1;
  int port = 0;
};

/// `host`: an address or a name of this machine. Port 0: one that is free. SERVE-001 another
/// program has it; SERVE-002 no such address here.
[[nodiscard]] Result<Listening> listen_on(const std::string& host, int port);

}  // namespace qualm::serve
