#include "engine/llama_chat.h"

#include <llama.h>

#include <exception>
#include <vector>

namespace qualm::engine {

std::optional<std::string> render_llama_chat(const std::string& chat_template,
                                             std::span<const ChatMessage> messages) {
  std::vector<llama_chat_message> turns;
  for (const ChatMessage& message : messages)
    turns.push_back({message.role.c_str(), message.content.c_str()});
  const bool to_be_answered = messages.empty() || messages.back().role != "assistant";
  const auto render = [&](std::string& text) {
    return llama_chat_apply_template(chat_template.c_str(), turns.data(), turns.size(),
                                     to_be_answered, text.data(),
                                     static_cast<std::int32_t>(text.size()));
  };
  try {
    std::string text(1024, '\0');
    std::int32_t length = render(text);
    if (length >= static_cast<std::int32_t>(text.size())) {
      text.resize(static_cast<std::size_t>(length) + 1);
      length = render(text);
    }
    if (length < 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(length));
    return text;
  } catch (const std::exception&) {
    return std::nullopt;  // libllama is C++ inside; its exceptions end here
  }
}

}  // namespace qualm::engine
