#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "report/page_parts.h"
#include "report/render.h"

namespace qualm::report {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

/// Whether the character at i would be, or be part of, markup. An underscore within a word is none,
/// nor is a bracket that no link can follow from: both are in every file name and interval.
bool is_markup(const std::string& text, std::size_t i) {
  const char c = text[i];
  const char next = i + 1 < text.size() ? text[i + 1] : ' ';
  if (std::string_view("\\`*<>|~$&").find(c) != std::string_view::npos) return true;
  if (c == '_') return i == 0 || !is_word(text[i - 1]) || !is_word(next);
  if (c == ']') return next == '(' || next == '[' || next == ':';
  return i == 0 && (c == '#' || c == '-' || c == '+' || c == '=') && !is_word(next);
}

std::string escaped(const std::string& raw) {
  const std::string text = printable(raw);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_markup(text, i)) out += '\\';
    out += text[i];
  }
  return out;
}

std::string toned(const Cell& cell) {
  std::string text = escaped(cell.text);
  const bool bold =
      cell.tone == Tone::bad || cell.tone == Tone::warning || cell.tone == Tone::strong;
  return bold && !text.empty() ? "**" + text + "**" : text;
}

/// A fence longer than any run of backticks inside.
std::string fenced(const std::string& raw) {
  const std::string text = printable(raw);
  std::size_t run = 0, longest = 2;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  return fence + "sh\n" + text + "\n" + fence + "\n";
}

class MarkdownLayout {
 public:
  std::string take() { return std::move(out_); }

  void operator()(const Heading& heading) { begin("### " + escaped(heading.text) + "\n"); }
  void operator()(const Gap&) {}
  void operator()(const Command& command) { begin(fenced(command.text)); }

  void operator()(const Paragraph& paragraph) {
    std::string line;
    for (const Cell& cell : paragraph.cells)
      if (!cell.text.empty()) line += (line.empty() ? "" : " ") + toned(cell);
    begin(line + "\n");
  }

  void operator()(const Table& table) {
    std::string head = "|", rule = "|";
    for (const Column& column : table.columns) {
      head += " " + escaped(column.heading) + " |";
      rule += column.right ? "--:|" : "---|";
    }
    begin(head + "\n" + rule + "\n");
    for (const std::vector<Cell>& cells : table.rows) {
      out_ += "|";
      for (const Cell& cell : cells) out_ += " " + toned(cell) + " |";
      out_ += "\n";
    }
  }

 private:
  void begin(const std::string& block) { out_ += (out_.empty() ? "" : "\n") + block; }
  std::string out_;
};

}  // namespace

std::string markdown(const nlohmann::ordered_json& document, bool verbose) {
  MarkdownLayout layout;
  for (const Block& block : compose(document, verbose)) std::visit(layout, block);
  const Json& tool = at(document, "tool");
  const std::string engine = string_at(tool, "libllama");  // "libllama 0.7.0, ggml 0.27.0"
  layout(Paragraph{{{"Made by " + string_at(tool, "name") + " " + string_at(tool, "version") +
                     (engine.empty() ? "." : ", " + engine + ".")}}});
  return layout.take();
}

std::string json(const nlohmann::ordered_json& document) {
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace qualm::report
