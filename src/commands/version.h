// What `qualm --version` says.
#pragma once

#include <string>

namespace qualm::commands {

/// "qualm 0.1.0 (libllama 0.7.0, ggml 0.27.0)": the libraries are those that are loaded.
[[nodiscard]] std::string version();

}  // namespace qualm::commands
