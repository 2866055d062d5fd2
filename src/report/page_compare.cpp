#include <fmt/format.h>

#include "base/units.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

std::string shown(const Json& object, std::string_view key, NumberStyle style = {}) {
  const auto value = number_at(object, key);
  return value ? format_value(*value, style) : "-";
}

std::string fixed(const Json& object, std::string_view key, int decimals) {
  const auto value = number_at(object, key);
  return value ? fmt::format("{:.{}f}", *value, decimals) : "-";
}

constexpr NumberStyle kPercent{.percent = true};

const std::vector<Column> kFigures{{"bpw", true},        {"rel. error", true}, {"SQNR dB", true},
                                   {"cosine", true},     {"half step", true},  {"ideal bits", true},
                                   {"error share", true}};

std::vector<Cell> figures(const Json& part) {
  return {{fixed(part, "bpw", 2)},
          {shown(part, "relative_error", kPercent)},
          {fixed(part, "sqnr_db", 1)},
          {fixed(part, "cosine", 6)},
          {shown(part, "within_half_step", kPercent)},
          {fixed(part, "effective_bits", 2)},
          {shown(part, "error_share", kPercent)}};
}

/// Rows of figures under a name each; `key` is the name's, which may be a number.
Table figure_table(const std::string& heading, std::string_view key, const Json& parts) {
  Table table{.columns = {{heading}}, .rows = {}};
  table.columns.insert(table.columns.end(), kFigures.begin(), kFigures.end());
  for (const Json& part : parts) {
    const Json& name = at(part, key);
    std::vector<Cell> row{
        {name.is_number_integer() ? std::to_string(integer_at(part, key)) : string_at(part, key)}};
    for (Cell& cell : figures(part)) row.push_back(std::move(cell));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void add_section(Page& page, const std::string& heading, Table table) {
  if (table.rows.empty()) return;
  page.emplace_back(Heading{heading});
  page.emplace_back(std::move(table));
}

/// The figure, or why there is none.
std::string told(const Json& object, std::string_view key, const std::string& figure) {
  const auto reason = why_absent(at(object, key));
  return reason ? *reason : figure;
}

bool equal(const Json& whole) { return number_at(whole, "relative_error") == 0.0; }

std::string whole_line(const Json& whole) {
  const std::string which =
      fmt::format("{} weights in {} tensors", format_count(integer_at(whole, "params")),
                  integer_at(whole, "tensors"));
  if (equal(whole)) return which + ": all equal";
  return fmt::format("{}: relative error {}, SQNR {} dB, cosine {}", which,
                     told(whole, "relative_error", shown(whole, "relative_error", kPercent)),
                     fixed(whole, "sqnr_db", 1), fixed(whole, "cosine", 6));
}

std::string bits_line(const Json& whole) {
  if (equal(whole)) return "";
  return fmt::format(
      "{} bits per weight. In theory {} bits are enough for the same error. Weights "
      "within half a rounding step of the original: {}.",
      fixed(whole, "bpw", 2), fixed(whole, "effective_bits", 2),
      told(whole, "within_half_step", shown(whole, "within_half_step", kPercent)));
}

std::string max_line(const Json& whole) {
  const Json& max = at(whole, "max_error");
  if (equal(whole) || why_absent(max)) return "";
  return fmt::format("Largest error {} in {}, row {}, column {}", shown(max, "value"),
                     string_at(max, "tensor"), integer_at(max, "row"), integer_at(max, "column"));
}

Table offender_table(const Json& offenders) {
  Table table{.columns = {{"tensor"},
                          {"type"},
                          {"rel. error", true},
                          {"error share", true},
                          {"largest error", true}},
              .rows = {}};
  for (const Json& one : offenders)
    table.rows.push_back({{string_at(one, "name")},
                          {string_at(one, "type")},
                          {shown(one, "relative_error", kPercent)},
                          {shown(one, "error_share", kPercent)},
                          {shown(at(one, "max_error"), "value")}});
  return table;
}

Cell origin_word(const std::string& origin) {
  if (origin == "fine_tune") return {"quant of the original", Tone::good};
  if (origin == "base") return {"QUANT OF THE BASE MODEL", Tone::bad};
  if (origin == "merge") return {"QUANT OF A MERGE", Tone::bad};
  if (origin == "neither") return {"QUANT OF NEITHER", Tone::bad};
  return {"cannot tell", Tone::dim};
}

Table provenance_facts(const Json& found) {
  Table table{.columns = {{"Field"}, {"Value"}}, .rows = {}, .headed = false, .wraps = true};
  const auto add = [&](const char* field, std::string value) {
    table.rows.push_back({{field, Tone::dim}, {std::move(value)}});
  };
  add("alpha", metric_cell("alpha", at(found, "alpha")).text +
                   fmt::format(" from {} matrices (1: the original, 0: the base model)",
                               integer_at(found, "alpha_tensors")));
  add("delta",
      fmt::format("original and base model differ by {} (RMS); this test needs {} or more",
                  shown(found, "delta", kPercent), shown(found, "smallest_delta", kPercent)));
  add("step test", fmt::format("weights within half a rounding step: of the original {}, of the "
                               "base model {}",
                               metric_cell("", at(found, "within_half_step_of_baseline")).text,
                               metric_cell("", at(found, "within_half_step_of_base")).text));
  add("residual",
      fmt::format("unexplained: {} of the squared weights, {} times what rounding alone leaves",
                  shown(found, "residual_share", kPercent), shown(found, "residual_over_step")));
  return table;
}

void add_provenance(Page& page, const Json& found, bool verbose) {
  if (why_absent(found)) return;
  page.emplace_back(Heading{"Whose weights"});
  page.emplace_back(
      Paragraph{{origin_word(string_at(found, "origin")), {string_at(found, "says")}}});
  for (const Json& one : at(found, "strangers"))
    page.emplace_back(
        Paragraph{{{"MISMATCHED", Tone::bad},
                   {fmt::format("{}: {}", string_at(one, "tensor"), string_at(one, "says"))}}});
  if (!verbose) return;
  page.emplace_back(provenance_facts(found));
  Table table{.columns = {{"tensor"}, {"type"}, {"alpha", true}, {"gain", true}}, .rows = {}};
  for (const Json& one : at(found, "tensors"))
    table.rows.push_back({{string_at(one, "name")},
                          {string_at(one, "type")},
                          metric_cell("alpha", at(one, "alpha")),
                          {fixed(one, "gain", 4)}});
  if (!table.rows.empty()) page.emplace_back(std::move(table));
}

void add_names(Page& page, const char* heading, const Json& names, bool verbose) {
  constexpr std::size_t kShown = 8;
  if (!names.is_array() || names.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < names.size() && (verbose || i < kShown); ++i) {
    const Json& one = names[i];
    const std::string says = string_at(one, "says");
    const std::string name = one.is_string() ? one.get<std::string>() : string_at(one, "name");
    text += fmt::format("{}{}{}", i == 0 ? "" : ", ", name, says.empty() ? "" : " (" + says + ")");
  }
  if (!verbose && names.size() > kShown)
    text += fmt::format(", and {} more", names.size() - kShown);
  page.emplace_back(Paragraph{{{fmt::format("{}: {}", heading, text)}}});
}

Table tensor_notes(const Json& tensors) {
  Table table{.columns = {{"tensor"}, {"note"}}, .rows = {}, .headed = false, .wraps = true};
  for (const Json& one : tensors)
    if (const std::string note = string_at(one, "note"); !note.empty())
      table.rows.push_back({{string_at(one, "name"), Tone::dim}, {note}});
  return table;
}

}  // namespace

Page compose_compare(const Json& document, bool verbose) {
  const Json& model = at(document, "model");
  const Json& baseline = at(document, "baseline");
  const Json& whole = at(document, "whole");
  Page page;
  page.emplace_back(
      Paragraph{{{file_name(string_at(model, "path")), Tone::strong}, {card_line(model)}}});
  page.emplace_back(Paragraph{{{"against"},
                               {file_name(string_at(baseline, "path")), Tone::strong},
                               {card_line(baseline)}}});
  page.emplace_back(Gap{});
  page.emplace_back(Paragraph{{{whole_line(whole)}}});
  for (const std::string& line : {bits_line(whole), max_line(whole)})
    if (!line.empty()) page.emplace_back(Paragraph{{{line}}});
  for (const Json& note : at(document, "notes"))
    page.emplace_back(Paragraph{{{string_at(note, "says"), Tone::warning}}});
  add_section(page, "Classes of tensors", figure_table("class", "name", at(document, "classes")));
  if (verbose) add_section(page, "Layers", figure_table("layer", "layer", at(document, "layers")));
  add_section(page, "Largest relative errors", offender_table(at(document, "offenders")));
  if (verbose)
    add_section(page, "Tensors", figure_table("tensor", "name", at(document, "tensors")));
  add_section(page, "Notes on tensors", tensor_notes(at(document, "tensors")));
  add_provenance(page, at(document, "provenance"), verbose);
  add_names(page, "Only in the model", at(document, "only_in_model"), verbose);
  add_names(page, "Only in the original", at(document, "only_in_baseline"), verbose);
  add_names(page, "Not compared", at(document, "not_compared"), verbose);
  return page;
}

}  // namespace qualm::report
