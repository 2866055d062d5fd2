#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "report/page.h"
#include "report/render.h"

namespace qualm::report {
namespace {

constexpr std::size_t kNarrowestColumn = 24;  // a column of text with less room is no longer read
constexpr std::size_t kIndent = 2;
constexpr std::string_view kBetween = "  ";

/// What fills a column of that width beside the text.
std::string blanks(const std::string& text, std::size_t width) {
  const std::size_t has = character_count(text);
  return std::string(width > has ? width - has : 0, ' ');
}

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::plain:
      return "";
    case Tone::good:
      return "\x1b[32m";
    case Tone::warning:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::strong:
      return "\x1b[1m";
  }
  return "";
}

/// Lines of at most `width` columns, broken at spaces; a longer word stays whole. 0: one line.
std::vector<std::string> wrapped(const std::string& text, std::size_t width) {
  std::vector<std::string> lines{""};
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t word = std::min(text.find_first_not_of(' ', at), text.size());
    const std::size_t end = std::min(text.find(' ', word), text.size());
    const bool fits =
        width == 0 ||
        character_count(lines.back()) + character_count(text.substr(at, end - at)) <= width;
    if (fits || lines.back().empty()) {
      lines.back() += text.substr(at, end - at);
    } else {
      lines.push_back(text.substr(word, end - word));
    }
    at = end;
  }
  return lines;
}

class TextLayout {
 public:
  explicit TextLayout(TextStyle style)
      : colour_(style.colour), width_(static_cast<std::size_t>(std::max(style.width, 0))) {}

  std::string take() { return std::move(out_); }

  void operator()(const Heading& heading) {
    out_ += "\n" + painted(printable(heading.text), Tone::strong) + "\n";
  }
  void operator()(const Gap&) { out_ += "\n"; }
  void operator()(const Command& command) { out_ += "  " + printable(command.text) + "\n"; }

  /// A cell that does not fit behind the others begins a new line.
  void operator()(const Paragraph& paragraph) {
    std::size_t used = 0;
    for (const Cell& cell : paragraph.cells) {
      if (cell.text.empty()) continue;
      const std::string text = printable(cell.text);
      if (used > 0 && width_ > 0 && used + kBetween.size() + character_count(text) > width_) {
        out_ += "\n";
        used = 0;
      }
      const std::size_t indent = used > 0 || &cell == &paragraph.cells.front() ? 0 : kIndent;
      if (used > 0) out_ += kBetween, used += kBetween.size();
      used += flow(text, cell.tone, used, indent);
    }
    out_ += "\n";
  }

  void operator()(const Table& table) {
    const std::vector<std::size_t> widths = widths_of(table);
    std::size_t total = kIndent;
    for (const std::size_t width : widths) total += width + kBetween.size();
    total -= kBetween.size();
    const std::size_t last = widths.empty() ? 0 : widths.back();
    const std::size_t before = total - last;
    const std::size_t least = table.wraps ? before + std::min(last, kNarrowestColumn) : total;
    if (width_ > 0 && least > width_) return lists(table);
    const std::size_t room = width_ == 0 ? 0 : width_ - std::min(width_, before);
    if (table.headed) row(headings_of(table), table, widths, room);
    for (const std::vector<Cell>& cells : table.rows) row(cells, table, widths, room);
  }

 private:
  std::string painted(const std::string& text, Tone tone) const {
    if (!colour_ || tone == Tone::plain || text.empty()) return text;
    return std::string(escape_of(tone)) + text + "\x1b[0m";
  }

  /// Writes text that goes on at column `used`; further lines are indented. Returns what the last
  /// line adds to `used`.
  std::size_t flow(const std::string& text, Tone tone, std::size_t used, std::size_t indent) {
    const std::size_t margin = used + indent;
    out_ += std::string(indent, ' ');
    const auto lines = wrapped(text, width_ > margin ? width_ - margin : width_ == 0 ? 0 : 1);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) out_ += "\n" + std::string(margin, ' ');
      out_ += painted(lines[i], tone);
    }
    return indent + character_count(lines.back());
  }

  static std::vector<Cell> headings_of(const Table& table) {
    std::vector<Cell> cells;
    for (const Column& column : table.columns) cells.push_back({column.heading, Tone::dim});
    return cells;
  }

  static std::vector<std::size_t> widths_of(const Table& table) {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      std::size_t width = table.headed ? character_count(table.columns[i].heading) : 0;
      for (const std::vector<Cell>& cells : table.rows)
        width = std::max(width, character_count(printable(cells[i].text)));
      widths.push_back(width);
    }
    return widths;
  }

  void row(const std::vector<Cell>& cells, const Table& table,
           const std::vector<std::size_t>& widths, std::size_t room) {
    std::string line(kIndent, ' ');
    std::size_t used = kIndent;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string text = printable(cells[i].text);
      if (i + 1 == cells.size() && !table.columns[i].right) {
        append_last(line, text, cells[i].tone, used, table.wraps ? room : 0);
        break;
      }
      if (table.columns[i].right) line += blanks(text, widths[i]);
      line += painted(text, cells[i].tone);
      if (!table.columns[i].right) line += blanks(text, widths[i]);
      if (i + 1 < cells.size()) line += kBetween;
      used += widths[i] + kBetween.size();
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ += line + "\n";
  }

  void append_last(std::string& line, const std::string& text, Tone tone, std::size_t used,
                   std::size_t room) {
    const auto lines = wrapped(text, room);
    for (std::size_t i = 0; i < lines.size(); ++i)
      line += (i == 0 ? "" : "\n" + std::string(used, ' ')) + painted(lines[i], tone);
  }

  /// For a terminal too narrow for the table. With headings, each row as a list under its first
  /// cell; without, all cells but the last on one line and the last below.
  void lists(const Table& table) {
    std::size_t names = 0;
    for (const Column& column : table.columns)
      names = std::max(names, character_count(column.heading) + kBetween.size());
    for (const std::vector<Cell>& cells : table.rows) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const bool below = table.headed ? i > 0 : i + 1 == cells.size();
        if (i > 0) out_ += below ? "\n" : kBetween;
        std::size_t margin = below ? 2 * kIndent : kIndent;
        if (below || i == 0) out_ += std::string(margin, ' ');
        if (below && table.headed) {
          out_ += painted(table.columns[i].heading + blanks(table.columns[i].heading, names),
                          Tone::dim);
          margin += names;
        }
        if (below) {
          flow(printable(cells[i].text), cells[i].tone, margin, 0);
        } else {
          out_ += painted(printable(cells[i].text), cells[i].tone);
        }
      }
      out_ += "\n";
    }
  }

  bool colour_;
  std::size_t width_;
  std::string out_;
};

}  // namespace

std::string text(const nlohmann::ordered_json& document, TextStyle style) {
  TextLayout layout(style);
  for (const Block& block : compose(document, style.verbose)) std::visit(layout, block);
  return layout.take();
}

}  // namespace qualm::report
