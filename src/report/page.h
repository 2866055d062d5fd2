// What a report shows, before it is known where: the step between a document and its layouts.
//
// Texts are raw: the layouts escape them. One page serves the terminal and Markdown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

namespace qualm::report {

enum class Tone { plain, good, warning, bad, dim, strong };

struct Cell {
  std::string text;
  Tone tone = Tone::plain;
};

struct Heading {
  std::string text;
};

/// Cells one after the other, with two spaces between them.
struct Paragraph {
  std::vector<Cell> cells;
};

/// An empty line where blocks are not apart anyway.
struct Gap {};

/// A line to paste into a shell: never broken.
struct Command {
  std::string text;
};

struct Column {
  std::string heading;
  bool right = false;  ///< numbers
};

/// Rows have one cell for each column. Where the table is too wide, its last column is broken into
/// lines (if it `wraps`), or each row becomes a list.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  bool headed = true;  ///< a terminal shows the headings; Markdown always does
  bool wraps = false;
};

using Block = std::variant<Heading, Gap, Paragraph, Command, Table>;
using Page = std::vector<Block>;

/// Chooses by the document's `command`, or its `error`.
[[nodiscard]] Page compose(const nlohmann::ordered_json& document, bool verbose);

[[nodiscard]] Page compose_measure(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_diagnose(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_inspect(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_compare(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_demo(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_clinic(const nlohmann::ordered_json& document, bool verbose);
[[nodiscard]] Page compose_repair(const nlohmann::ordered_json& document);
[[nodiscard]] Page compose_plan(const nlohmann::ordered_json& document);
[[nodiscard]] Page compose_pack(const nlohmann::ordered_json& document);
[[nodiscard]] Page compose_models(const nlohmann::ordered_json& document);
/// Which files the names stand for, at the top of the page.
void show_names(const nlohmann::ordered_json& named, Page& page);

}  // namespace qualm::report
