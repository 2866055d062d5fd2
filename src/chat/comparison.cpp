#include "chat/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "chat/render.h"
#include "chat/text.h"

namespace qualm::chat {
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

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// Two lines from line `at` on, the first from shortly before byte `column` of it.
std::string quoted(const std::vector<std::string_view>& lines, std::size_t at, std::size_t column) {
  constexpr std::size_t kBefore = 24;
  constexpr std::size_t kShown = 96;
  if (at >= lines.size()) return "nothing more";
  std::string text(
      lines[at].substr(std::min(lines[at].size(), column - std::min(column, kBefore))));
  if (at + 1 < lines.size()) text += "\n" + std::string(lines[at + 1]);
  return "\"" + on_one_line(text.substr(0, kShown)) + "\"";
}

/// From the first line that differs on.
std::string difference(const std::string& candidate, const std::string& original) {
  const auto a = lines_of(candidate);
  const auto b = lines_of(original);
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  std::size_t column = 0;
  if (at < a.size() && at < b.size())
    column = static_cast<std::size_t>(std::ranges::mismatch(a[at], b[at]).in1 - a[at].begin());
  return fmt::format("from line {} on {}, with the original's template {}", at + 1,
                     quoted(a, at, column), quoted(b, at, column));
}

/// With and without the begin of an answer.
std::vector<Prompt> prompts_to_compare() {
  std::vector<Prompt> prompts = sample_prompts();
  for (Prompt prompt : sample_prompts()) {
    prompt.begins_answer = false;
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

std::string in_words(const Prompt& prompt) {
  return fmt::format("a conversation of {}{}", speakers(prompt),
                     prompt.begins_answer ? "" : " (without add_generation_prompt)");
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

Comparison compare(const std::string& candidate, const engine::ChatTemplate& original) {
  using enum Comparison::Outcome;
  if (candidate == original.text) return {equal, "chat templates are equal"};
  if (template_essence(candidate) == template_essence(original.text))
    return {layout, "chat templates differ in layout and comments only: they render the same"};
  const std::vector<Prompt> prompts = prompts_to_compare();
  const auto ours = render_all({candidate, original.bos, original.eos}, prompts);
  const auto theirs = render_all(original, prompts);
  if (std::ranges::none_of(theirs, [](const auto& text) { return text.has_value(); }))
    return {not_rendered,
            fmt::format("chat templates differ; the original's cannot be rendered ({}), so only "
                        "their texts were compared",
                        theirs.front().error().found)};
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (!ours[i] && !theirs[i]) continue;  // both refuse it, as some do a system message
    if (ours[i] && theirs[i] && *ours[i] == *theirs[i]) continue;
    if (!ours[i])
      return {fails, fmt::format("the chat template does not render {} ({}); the original's does",
                                 in_words(prompts[i]), ours[i].error().found)};
    if (!theirs[i])
      return {renders_otherwise,
              fmt::format("the chat template renders {}; the original's refuses it ({})",
                          in_words(prompts[i]), theirs[i].error().found)};
    return {renders_otherwise,
            fmt::format("{} becomes {}", in_words(prompts[i]), difference(*ours[i], *theirs[i]))};
  }
  return {renders_alike,
          fmt::format("chat templates differ, and render {} conversations alike; tools were not "
                      "tried",
                      sample_prompts().size())};
}

}  // namespace qualm::chat
