#include "probe/chat.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/error.h"

namespace qualm::probe {
namespace {

bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// One tag from text[at] on, which is "{{" or "{%", as its essence; moves `at` behind it.
std::string tag_essence(std::string_view text, std::size_t& at) {
  const char close = text[at + 1] == '{' ? '}' : '%';
  std::string out(text.substr(at, 2));
  int braces = 0;
  char quote = 0;
  for (at += 2; at < text.size(); ++at) {
    const char c = text[at];
    if (quote != 0) {
      out += c;
      if (c == '\\' && at + 1 < text.size()) {
        out += text[++at];
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    if (braces == 0 && c == close && text.substr(at + 1, 1) == "}") {
      at += 2;
      return out + close + '}';
    }
    if (space(c)) {  // one blank is left between two words, none elsewhere
      while (at + 1 < text.size() && space(text[at + 1])) ++at;
      if (at + 1 < text.size() && word(out.back()) && word(text[at + 1])) out += ' ';
      continue;
    }
    braces += c == '{' ? 1 : 0;
    braces -= c == '}' && braces > 0 ? 1 : 0;
    if (c == '"' || c == '\'') quote = c;
    out += c;
  }
  return out;
}

/// "{# ... #}" without what it says, its trim marks kept; moves `at` behind it.
std::string comment_essence(std::string_view text, std::size_t& at) {
  const std::size_t end = text.find("#}", at + 2);
  if (end == std::string_view::npos) {
    const std::string rest(text.substr(at));
    at = text.size();
    return rest;
  }
  const auto mark = [&](std::size_t i) {
    return i > at + 1 && i < end && (text[i] == '-' || text[i] == '+') ? std::string(1, text[i])
                                                                       : std::string();
  };
  const std::string essence = "{#" + mark(at + 2) + "|" + mark(end - 1) + "#}";
  at = end + 2;
  return essence;
}

std::vector<std::vector<engine::ChatMessage>> conversations() {
  return {{{"user", "Hello, who are you?"}},
          {{"system", "Answer in one word."}, {"user", " Is water wet? "}},
          {{"user", "Add 2 and 3."}, {"assistant", "5"}, {"user", "And 4?\nThanks."}}};
}

std::string around(const std::string& text, std::size_t at) {
  const std::size_t from = at > 24 ? at - 24 : 0;
  return printable(text.substr(from, 64));
}

}  // namespace

std::string template_essence(std::string_view raw) {
  std::string text;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\r') {
      text += '\n';
      if (i + 1 < raw.size() && raw[i + 1] == '\n') ++i;
    } else {
      text += raw[i];
    }
  }
  if (text.ends_with('\n')) text.pop_back();
  if (text.find("endraw") != std::string::npos)
    return text;  // where tags are text, all of it counts
  std::string out;
  const std::string_view view = text;
  for (std::size_t at = 0; at < view.size();) {
    const std::string_view two = view.substr(at, 2);
    if (two == "{{" || two == "{%") {
      out += tag_essence(view, at);
    } else if (two == "{#") {
      out += comment_essence(view, at);
    } else {
      out += view[at++];
    }
  }
  return out;
}

ChatComparison compare_chats(const engine::Engine& engine, const std::string& candidate,
                             const std::string& baseline) {
  using enum ChatComparison::Outcome;
  if (candidate == baseline) return {equal, "chat templates are equal"};
  if (template_essence(candidate) == template_essence(baseline))
    return {layout, "chat templates differ in layout and comments only: they render the same"};
  std::size_t number = 0;
  for (const auto& conversation : conversations()) {
    ++number;
    const auto a = engine.render_chat(candidate, conversation);
    const auto b = engine.render_chat(baseline, conversation);
    if (!a || !b)
      return {not_rendered,
              fmt::format("chat templates differ; libllama's own renderer does not know the {}, so "
                          "only their texts were compared",
                          !a && !b ? "two" : (!a ? "candidate's" : "baseline's"))};
    if (*a == *b) continue;
    const auto at = static_cast<std::size_t>(std::ranges::mismatch(*a, *b).in1 - a->begin());
    return {renders_otherwise,
            fmt::format("conversation {} becomes \"{}\", with the baseline's template \"{}\" "
                        "(rendered by libllama)",
                        number, around(*a, at), around(*b, at))};
  }
  return {renders_alike,
          fmt::format("chat templates differ; libllama renders {} conversations alike, but knows "
                      "templates by marks in them only: a runtime with Jinja may not",
                      number)};
}

}  // namespace qualm::probe
