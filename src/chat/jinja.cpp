#include "chat/jinja.h"

#include <jinja/lexer.h>
#include <jinja/parser.h>
#include <jinja/runtime.h>
#include <jinja/value.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <string_view>

#include "base/text.h"
#include "chat/text.h"

namespace qualm::chat {
namespace {

/// Templates that write today's date write this one: a text must be the same tomorrow.
constexpr std::time_t kToday = 1'735'732'800;  // 2025-01-01 12:00 UTC

enum class Contents { text, parts };

jinja::value text_value(const std::string& text) {
  return jinja::mk_val<jinja::value_string>(text);
}

jinja::value messages_value(const Prompt& prompt, Contents contents) {
  auto list = jinja::mk_val<jinja::value_array>();
  for (const engine::ChatMessage& message : prompt.messages) {
    auto turn = jinja::mk_val<jinja::value_object>();
    turn->insert("role", text_value(message.role));
    if (contents == Contents::text) {
      turn->insert("content", text_value(message.content));
    } else {
      auto part = jinja::mk_val<jinja::value_object>();
      part->insert("type", text_value("text"));
      part->insert("text", text_value(message.content));
      auto parts = jinja::mk_val<jinja::value_array>();
      parts->push_back(part);
      turn->insert("content", parts);
    }
    list->push_back(turn);
  }
  return list;
}

/// The renderer shows the source around a fault on several lines; the fault itself is kept.
Rendered in_short(Rendered::Kind kind, std::string_view words) {
  constexpr std::string_view kBefore = "\nError: ";
  Rendered failure{kind, {}, {}};
  if (const auto line = words.find("line "); line != std::string_view::npos)
    if (const auto end = words.find(" in source", line); end != std::string_view::npos)
      failure.place = words.substr(line, end - line);
  if (const auto at = words.find(kBefore); at != std::string_view::npos)
    words.remove_prefix(at + kBefore.size());
  words = trimmed(words);
  failure.text = words.substr(0, words.find('\n'));
  return failure;
}

bool shows_a_message(const std::string& text, const Prompt& prompt) {
  return std::ranges::any_of(prompt.messages, [&](const engine::ChatMessage& message) {
    return text.find(trimmed(message.content)) != std::string::npos;
  });
}

}  // namespace

struct Jinja::Parsed {
  engine::ChatTemplate source;
  jinja::program program;
  std::string error;  ///< why there is no program

  [[nodiscard]] Rendered run(const Prompt& prompt, Contents contents) const {
    try {
      jinja::context context(source.text);
      context.current_time = kToday;
      context.set_val("messages", messages_value(prompt, contents));
      context.set_val("bos_token", text_value(source.bos));
      context.set_val("eos_token", text_value(source.eos));
      context.set_val("add_generation_prompt",
                      jinja::mk_val<jinja::value_bool>(prompt.begins_answer));
      jinja::runtime runtime(context);
      const jinja::value results = runtime.execute(program);
      return {Rendered::Kind::text,
              jinja::runtime::gather_string_parts(results)->as_string().str(),
              {}};
    } catch (const std::exception& thrown) {
      return in_short(Rendered::Kind::failed, thrown.what());
    } catch (...) {  // {% break %} outside of a loop
      return {Rendered::Kind::failed, "an exception without words", {}};
    }
  }
};

Jinja::Jinja(const engine::ChatTemplate& chat_template) : parsed_(std::make_unique<Parsed>()) {
  parsed_->source = chat_template;
  try {
    jinja::lexer lexer;
    parsed_->program = jinja::parse_from_tokens(lexer.tokenize(chat_template.text));
  } catch (const std::exception& thrown) {
    parsed_->error = thrown.what();
    if (parsed_->error.empty()) parsed_->error = "an exception without words";
  }
}

Jinja::~Jinja() = default;

Rendered Jinja::render(const Prompt& prompt) const {
  if (!parsed_->error.empty()) return in_short(Rendered::Kind::not_jinja, parsed_->error);
  Rendered plain = parsed_->run(prompt, Contents::text);
  if (plain.kind == Rendered::Kind::text && shows_a_message(plain.text, prompt)) return plain;
  Rendered parts = parsed_->run(prompt, Contents::parts);
  return parts.kind == Rendered::Kind::text && shows_a_message(parts.text, prompt) ? parts : plain;
}

}  // namespace qualm::chat
