#include <fmt/format.h>

#include "report/page_parts.h"

namespace qualm::report {
namespace {

/// What there is to compare a quantized model with.
Cell at_hand(const Json& model) {
  if (flag_at(model, "is_original")) return {"is an original", Tone::dim};
  if (!why_absent(at(model, "original"))) return {string_at(model, "original"), Tone::good};
  if (!why_absent(at(model, "pack"))) return {string_at(model, "pack"), Tone::good};
  return {"no", Tone::dim};
}

std::vector<Cell> row(const Json& model) {
  const Json& card = at(model, "model");
  const std::string name = string_at(model, "name");
  if (const auto problem = why_absent(card))
    return {{name}, {"-"}, {"-"}, {"-"}, {"cannot be read: " + *problem, Tone::warning}};
  const auto bpw = number_at(card, "bpw");
  return {{name, Tone::strong},
          {string_at(card, "type")},
          {bpw ? fmt::format("{:.2f}", *bpw) : "-"},
          {bytes_at(card, "file_bytes")},
          at_hand(model)};
}

}  // namespace

Page compose_models(const nlohmann::ordered_json& document) {
  Page page;
  const Json& models = at(document, "models");
  if (models.empty()) {
    page.emplace_back(Paragraph{{{"No models were found.", Tone::strong}}});
  } else {
    Table table{.columns = {{"model"},
                            {"type"},
                            {"bpw", true},
                            {"size", true},
                            {"original or reference pack at hand"}},
                .rows = {},
                .headed = true,
                .wraps = true};
    for (const Json& model : models) table.rows.push_back(row(model));
    page.emplace_back(std::move(table));
    page.emplace_back(
        Paragraph{{{"Every command takes these names in place of a path.", Tone::dim}}});
  }
  page.emplace_back(Heading{"Looked in"});
  Table stores{.columns = {{"Store"}, {"Folder"}, {""}}, .rows = {}, .headed = false};
  for (const Json& store : at(document, "stores"))
    stores.rows.push_back({{string_at(store, "name"), Tone::dim},
                           {string_at(store, "path")},
                           {flag_at(store, "exists") ? "" : "not there", Tone::dim}});
  page.emplace_back(std::move(stores));
  return page;
}

void show_names(const Json& named, Page& page) {
  if (!named.is_array() || named.empty()) return;
  Page top;
  for (const Json& one : named) {
    top.emplace_back(
        Paragraph{{{string_at(one, "name"), Tone::strong}, {string_at(one, "path"), Tone::dim}}});
    Table table{.columns = {{"Note"}, {"Says"}}, .rows = {}, .headed = false, .wraps = true};
    for (const Json& note : at(one, "notes"))
      table.rows.push_back({{string_at(note, "id"), Tone::dim}, {string_at(note, "says")}});
    if (!table.rows.empty()) top.emplace_back(std::move(table));
  }
  top.emplace_back(Gap{});
  page.insert(page.begin(), top.begin(), top.end());
}

}  // namespace qualm::report
