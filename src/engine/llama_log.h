// libllama's log, kept instead of printed.
#pragma once

#include <string>

namespace qualm::engine {

/// Routes libllama's and ggml's log into a ring of the last lines. Idempotent.
void capture_llama_log();

/// The last lines of warnings and errors, newest last, joined by " | "; empties the ring.
[[nodiscard]] std::string take_llama_log();

}  // namespace qualm::engine
