// The name of a model without what its quantizer added.
#pragma once

#include <string>
#include <string_view>

namespace qualm::commands {

/// "bartowski/Llama-3.2-3B-Instruct-GGUF", "Llama-3.2-3B-Instruct-Q4_K_M.gguf" and "Llama 3.2 3B
/// Instruct" are all "llama323binstruct". Empty where nothing is left.
[[nodiscard]] std::string base_name(std::string_view name);

}  // namespace qualm::commands
