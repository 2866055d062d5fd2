// A text to measure on, as the model reads it: plain text, or conversations in its chat template.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "engine/engine.h"

namespace qualm::commands {

/// Whose template renders a conversation.
struct ChatForm {
  const engine::Engine& engine;
  const engine::Model& model;
};

/// Files whose name ends with .jsonl hold conversations.
[[nodiscard]] bool is_chat(std::string_view path);

/// JSON lines, each {"messages": [{"role": "user", "content": "..."}, ...]}, as the chat template
/// of the model renders them, one after the other. libllama renders the templates that it knows
/// (engine/llama_chat.h), chat/render.h the others. Errors: CHAT-001 a line that is no
/// conversation, CHAT-002 the model has no template, or one that cannot be rendered, CHAT-003 no
/// conversation.
[[nodiscard]] Result<std::string> render_chats(std::string_view lines, const std::string& path,
                                               const ChatForm& form);

/// The text of that path (empty: the bundled one). Errors: read_text (bundled.h), render_chats.
[[nodiscard]] Result<std::string> read_text_as(const ChatForm& form, const std::string& path);

}  // namespace qualm::commands
