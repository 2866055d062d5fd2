#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/units.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

std::string tokenizer_line(const Json& tokenizer) {
  if (const auto reason = why_absent(tokenizer)) return *reason;
  const std::string pre = string_at(tokenizer, "pre");
  return fmt::format("{}{}, {} tokens, sha256 {}", string_at(tokenizer, "model"),
                     pre.empty() ? "" : " (" + pre + ")", integer_at(tokenizer, "vocab_size"),
                     string_at(tokenizer, "sha256").substr(0, 12));
}

std::string experts_line(const Json& experts) {
  if (const auto reason = why_absent(experts)) return *reason;
  return fmt::format("{}, {} used for each token", integer_at(experts, "count"),
                     integer_at(experts, "used"));
}

std::string context_line(const Json& model) {
  const Json& context = at(model, "context_length");
  if (const auto reason = why_absent(context)) return *reason;
  return fmt::format("{} tokens", integer_at(model, "context_length"));
}

/// "" where no runtime was named.
std::string runtime_line(const Json& runtime) {
  if (why_absent(runtime)) return "";
  return fmt::format("{} {} this format (nothing was run)", string_at(runtime, "name"),
                     flag_at(runtime, "loads") ? "loads" : "does not load");
}

Table facts(const Json& model, const Json& runtime) {
  Table table{.columns = {{"Field"}, {"Value"}}, .rows = {}, .headed = false, .wraps = true};
  const auto add = [&](std::string field, std::string value) {
    if (!value.empty()) table.rows.push_back({{std::move(field), Tone::dim}, {std::move(value)}});
  };
  add("Name", string_at(model, "name"));
  add("File", bytes_at(model, "file_bytes"));
  add("Context", context_line(model));
  add("Tokenizer", tokenizer_line(at(model, "tokenizer")));
  add("Embeddings",
      flag_at(model, "tied_embeddings") ? "tied: the embedding is the output matrix" : "separate");
  add("Experts", experts_line(at(model, "experts")));
  add("Runtime", runtime_line(runtime));
  return table;
}

Table type_table(const Json& types) {
  Table table{.columns = {{"type"}, {"tensors", true}, {"weights", true}, {"size", true}},
              .rows = {}};
  for (const auto& [name, stat] : types.items())
    table.rows.push_back({{name},
                          {std::to_string(integer_at(stat, "tensors"))},
                          {format_count(integer_at(stat, "params"))},
                          {bytes_at(stat, "bytes")}});
  return table;
}

std::string joined(const Json& strings) {
  std::string text;
  for (const Json& one : strings)
    if (one.is_string()) text += (text.empty() ? "" : ", ") + one.get<std::string>();
  return text;
}

/// "7.1 %"; "-" where it is not known.
std::string estimated_error(const Json& metric) {
  const auto value = number_at(metric, "value");
  return value ? format_value(*value, {.percent = true}) : "-";
}

/// What that column is, where it says anything.
void explain_error(Page& page, const Json& classes) {
  if (std::ranges::all_of(classes, [](const Json& stat) {
        return why_absent(at(stat, "estimated_error")).has_value();
      }))
    return;
  page.emplace_back(Paragraph{
      {{"error: how far rounding moved the weights, relative to their size (RMS). It is estimated "
        "from this file alone.",
        Tone::dim}}});
}

Table class_table(const Json& classes) {
  Table table{.columns = {{"class"},
                          {"tensors", true},
                          {"weights", true},
                          {"size", true},
                          {"bpw", true},
                          {"error", true},
                          {"types"}},
              .rows = {},
              .headed = true,
              .wraps = true};
  for (const auto& [name, stat] : classes.items()) {
    const auto bpw = number_at(stat, "bpw");
    table.rows.push_back({{name},
                          {std::to_string(integer_at(stat, "tensors"))},
                          {format_count(integer_at(stat, "params"))},
                          {bytes_at(stat, "bytes")},
                          {bpw ? fmt::format("{:.2f}", *bpw) : "-"},
                          {estimated_error(at(stat, "estimated_error"))},
                          {joined(at(stat, "types"))}});
  }
  return table;
}

Table pairs(const Json& object) {
  Table table{.columns = {{"Key"}, {"Value"}}, .rows = {}, .headed = false, .wraps = true};
  for (const auto& [key, value] : object.items())
    if (value.is_string()) table.rows.push_back({{key, Tone::dim}, {value.get<std::string>()}});
  return table;
}

void add_risks(Page& page, const Json& risks) {
  if (risks.empty()) return;
  page.emplace_back(Heading{"Risks"});
  Table table{.columns = {{"Risk"}, {"Why"}}, .rows = {}, .headed = false, .wraps = true};
  for (const Json& risk : risks)
    table.rows.push_back({{string_at(risk, "id"), Tone::warning}, {string_at(risk, "says")}});
  page.emplace_back(std::move(table));
}

void add_integrity(Page& page, const Json& integrity) {
  const std::string status = string_at(integrity, "status");
  const Cell word = status == "whole" ? Cell{"every weight was read: no damage found", Tone::good}
                    : status == "damaged"
                        ? Cell{"DAMAGED", Tone::bad}
                        : Cell{"the weights were not read: use --verify", Tone::dim};
  page.emplace_back(Heading{"Integrity"});
  page.emplace_back(Paragraph{{word}});
  Table table{.columns = {{"Place"}, {"Finding"}}, .rows = {}, .headed = false, .wraps = true};
  for (const Json& finding : at(integrity, "findings"))
    table.rows.push_back({{string_at(finding, "place")}, {string_at(finding, "says")}});
  if (!table.rows.empty()) page.emplace_back(std::move(table));
}

}  // namespace

Page compose_inspect(const Json& document, bool verbose) {
  const Json& model = at(document, "model");
  Page page;
  page.emplace_back(
      Paragraph{{{file_name(string_at(model, "path")), Tone::strong}, {card_line(model)}}});
  if (const std::string says = string_at(document, "summary"); !says.empty())
    page.emplace_back(Paragraph{{{says, Tone::strong}}});
  page.emplace_back(facts(model, at(document, "runtime")));
  page.emplace_back(Heading{"Types"});
  page.emplace_back(type_table(at(model, "types")));
  page.emplace_back(Heading{"Classes of tensors"});
  page.emplace_back(class_table(at(model, "classes")));
  explain_error(page, at(model, "classes"));
  if (const Json& provenance = at(model, "provenance"); !provenance.empty()) {
    page.emplace_back(Heading{"Origin, as the file states it"});
    page.emplace_back(pairs(provenance));
  }
  add_risks(page, at(document, "risks"));
  add_integrity(page, at(document, "integrity"));
  if (verbose) page.emplace_back(Paragraph{{{"Path: " + string_at(model, "path"), Tone::dim}}});
  return page;
}

}  // namespace qualm::report
