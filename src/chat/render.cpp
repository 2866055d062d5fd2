#include "chat/render.h"

#include <algorithm>
#include <optional>

#include "chat/jinja.h"
#include "chat/limited.h"

namespace qualm::chat {
namespace {

constexpr std::size_t kMostText = std::size_t{1} << 20;  // bytes besides the messages

Error template_error(const char* code, std::string found, const std::string& place) {
  return {Kind::input,
          code,
          "",
          "chat template" + (place.empty() ? "" : ", " + place),
          "to render the conversation",
          std::move(found),
          ""};
}

std::string packed(const Rendered& rendered) {
  return static_cast<char>(rendered.kind) + rendered.place + '\0' + rendered.text;
}

Result<std::string> unpacked(const std::string& answer) {
  const auto end = answer.find('\0', 1);
  if (end == std::string::npos) return fail(template_error("TEMPLATE-004", "no answer", ""));
  std::string text = answer.substr(end + 1);
  switch (static_cast<Rendered::Kind>(answer.front())) {
    case Rendered::Kind::text:
      return text;
    case Rendered::Kind::not_jinja:
      return fail(template_error("TEMPLATE-001", std::move(text), answer.substr(1, end - 1)));
    default:
      return fail(template_error("TEMPLATE-002", std::move(text), answer.substr(1, end - 1)));
  }
}

Error ending(const Answers& answers) {
  if (answers.end == Answers::End::too_long) return template_error("TEMPLATE-003", answers.why, "");
  if (answers.end == Answers::End::too_much) return template_error("TEMPLATE-004", answers.why, "");
  return {Kind::engine,
          "TEMPLATE-005",
          "",
          "chat template",
          "a process that renders it",
          answers.why,
          "Check the limits of this account (ulimit -u, ulimit -n)."};
}

}  // namespace

std::vector<Result<std::string>> render_all(const engine::ChatTemplate& chat_template,
                                            std::span<const Prompt> prompts) {
  std::size_t longest = 0;
  for (const Prompt& prompt : prompts) {
    std::size_t bytes = 0;
    for (const engine::ChatMessage& message : prompt.messages) bytes += message.content.size();
    longest = std::max(longest, bytes);
  }
  std::optional<Jinja> jinja;  // made in the child: parsing may take as long as rendering
  const Answers answers =
      answer_limited({prompts.size(), kMostText + longest, [&](std::size_t piece) {
                        if (!jinja) jinja.emplace(chat_template);
                        return packed(jinja->render(prompts[piece]));
                      }});
  std::vector<Result<std::string>> texts;
  for (const std::string& answer : answers.texts) texts.push_back(unpacked(answer));
  while (texts.size() < prompts.size()) texts.push_back(fail(ending(answers)));
  return texts;
}

Result<std::string> render(const engine::ChatTemplate& chat_template, const Prompt& prompt) {
  return std::move(render_all(chat_template, {&prompt, 1}).front());
}

engine::ChatTemplate template_of(const model::Metadata& metadata) {
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  const auto name = [&](const char* key) {
    const auto id = metadata.integer(key);
    const bool known = tokens && id && *id >= 0 && *id < std::ssize(*tokens);
    return known ? (*tokens)[static_cast<std::size_t>(*id)] : std::string();
  };
  return {metadata.string("tokenizer.chat_template").value_or(""),
          name("tokenizer.ggml.bos_token_id"), name("tokenizer.ggml.eos_token_id")};
}

}  // namespace qualm::chat
