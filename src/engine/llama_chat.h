// Chat templates as libllama renders them.
//
// libllama has no Jinja: it knows common templates by marks in their text and renders its own form
// of each. So a difference it shows is one, but two templates it renders alike may still differ.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/engine.h"

namespace qualm::engine {

/// Absent where libllama does not know the template.
[[nodiscard]] std::optional<std::string> render_llama_chat(const std::string& chat_template,
                                                           std::span<const ChatMessage> messages);

}  // namespace qualm::engine
