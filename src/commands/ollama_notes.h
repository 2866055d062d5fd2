// What Ollama does with a model beyond what its GGUF says, in words.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "job/request.h"
#include "locate/ollama.h"

namespace qualm::commands {

/// Id and sentence of each. `path`: the GGUF, whose header is read.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> ollama_notes(
    const locate::Overrides& overrides, const std::string& path, const job::Request& request);

}  // namespace qualm::commands
