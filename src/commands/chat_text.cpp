#include "commands/chat_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "chat/render.h"
#include "commands/bundled.h"
#include "formats/json.h"

namespace qualm::commands {
namespace {

using Conversation = std::vector<engine::ChatMessage>;

constexpr const char* kWanted = R"({"messages": [{"role": "user", "content": "..."}, ...]})";

Error no_conversation(const std::string& path, std::size_t line, std::string found) {
  return {Kind::input,
          "CHAT-001",
          path,
          fmt::format("line {}", line),
          kWanted,
          std::move(found),
          "A file that ends with .jsonl holds one conversation per line. Name a plain text .txt."};
}

Result<Conversation> conversation_of(const nlohmann::json& value, const std::string& path,
                                     std::size_t line) {
  const nlohmann::json& messages = formats::member(value, "messages");
  if (!messages.is_array() || messages.empty())
    return fail(no_conversation(path, line, "no array \"messages\""));
  Conversation turns;
  for (const nlohmann::json& message : messages) {
    const auto* role = formats::member(message, "role").get_ptr<const std::string*>();
    const auto* content = formats::member(message, "content").get_ptr<const std::string*>();
    if (!role || !content)
      return fail(no_conversation(
          path, line, fmt::format("message {} without role and content as text", turns.size())));
    turns.push_back({*role, *content});
  }
  return turns;
}

Result<std::vector<chat::Prompt>> conversations_of(std::string_view lines,
                                                   const std::string& path) {
  std::vector<chat::Prompt> conversations;
  std::size_t number = 0;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    QUALM_TRY(const auto value, formats::parse_json(line, path, fmt::format("line {}", number)));
    QUALM_TRY(Conversation turns, conversation_of(value, path, number));
    const bool answered = turns.back().role == "assistant";
    conversations.push_back({std::move(turns), !answered});
  }
  return conversations;
}

Error no_rendering(const std::string& path, std::string place, std::string found) {
  return {Kind::input,
          "CHAT-002",
          path,
          std::move(place),
          "a template that renders the conversation",
          std::move(found),
          "Render the conversations yourself and give them as a plain text with -f."};
}

/// Without the begin token in front: it is no part of a text, and every window has its own.
Result<std::string> render_as_jinja(const engine::ChatTemplate& chat_template,
                                    const std::vector<chat::Prompt>& conversations,
                                    const std::string& path) {
  std::string rendered;
  std::size_t number = 0;
  for (const auto& text : chat::render_all(chat_template, conversations)) {
    ++number;
    if (!text)
      return fail(no_rendering(path, fmt::format("conversation {}", number),
                               fmt::format("{}: {}", text.error().place, text.error().found)));
    std::string_view said = *text;
    if (!chat_template.bos.empty() && said.starts_with(chat_template.bos))
      said.remove_prefix(chat_template.bos.size());
    rendered += said;
  }
  return rendered;
}

}  // namespace

bool is_chat(std::string_view path) { return path.ends_with(".jsonl"); }

Result<std::string> render_chats(std::string_view lines, const std::string& path,
                                 const ChatForm& form) {
  const engine::ChatTemplate chat_template = form.model.chat_template();
  if (chat_template.text.empty())
    return fail(no_rendering(path, "chat template", "a model without a chat template"));
  QUALM_TRY(const std::vector<chat::Prompt> conversations, conversations_of(lines, path));
  if (conversations.empty())
    return fail({Kind::input, "CHAT-003", path, "text", "a conversation", "none",
                 "Write one conversation per line."});
  std::string rendered;
  for (const chat::Prompt& conversation : conversations) {
    const auto text = form.engine.render_chat(chat_template.text, conversation.messages);
    if (!text) return render_as_jinja(chat_template, conversations, path);
    rendered += *text;
  }
  return rendered;
}

Result<std::string> read_text_as(const ChatForm& form, const std::string& path) {
  QUALM_TRY(std::string text, read_text(path));
  return is_chat(path) ? render_chats(text, path, form) : std::move(text);
}

}  // namespace qualm::commands
