// The server that runs a model now.
#pragma once

#include "base/error.h"
#include "job/request.h"

namespace qualm::commands {

/// --as-run: where a process of this user serves the model of the request on this machine, its
/// address becomes the model, and the model its file. Ollama's server is such a process of
/// llama.cpp. REMOTE-022: there is none.
[[nodiscard]] Result<void> take_running_server(job::Request& request);

}  // namespace qualm::commands
