#include "report/page_measure_details.h"

#include <fmt/format.h>

#include <algorithm>

namespace qualm::report {
namespace {

/// Cache types in the order of their first appearance; the reference, which need not appear, first.
std::vector<std::string> cache_types(const Json& kv, std::string_view field) {
  std::vector<std::string> types{"f16"};
  for (const Json& cell : kv)
    if (std::string type = string_at(cell, field); !std::ranges::count(types, type))
      types.push_back(std::move(type));
  return types;
}

Cell kld_cell(const Json& cell) {
  if (const auto lost = integer_at(cell, "positions_lost"); lost > 0)
    return {fmt::format("NaN or infinite at {} positions", lost), Tone::bad};
  return metric_cell("kld_mean", at(at(cell, "metrics"), "kld_mean"), Interval::hidden);
}

Cell grid_cell(const Json& kv, const std::string& type_k, const std::string& type_v) {
  for (const Json& cell : kv)
    if (string_at(cell, "type_k") == type_k && string_at(cell, "type_v") == type_v)
      return kld_cell(cell);
  return {type_k == "f16" && type_v == "f16" ? "reference" : "not measured", Tone::dim};
}

Table kv_grid(const Json& kv) {
  const auto rows = cache_types(kv, "type_k"), columns = cache_types(kv, "type_v");
  Table table{.columns = {{"K \\ V"}}, .rows = {}};
  for (const std::string& type_v : columns) table.columns.push_back({type_v});
  for (const std::string& type_k : rows) {
    table.rows.push_back({{type_k, Tone::strong}});
    for (const std::string& type_v : columns)
      table.rows.back().push_back(grid_cell(kv, type_k, type_v));
  }
  return table;
}

std::string departs(const Json& cell) {
  const Json& position = at(cell, "departs_at");
  if (position.is_number_integer())
    return fmt::format("position {}", integer_at(cell, "departs_at"));
  return why_absent(position).value_or("not known");
}

Table kv_list(const Json& kv) {
  Table table{
      .columns =
          {{"K"}, {"V"}, {"KLD"}, {"perplexity change"}, {"memory", true}, {"above noise from"}},
      .rows = {},
      .headed = true,
      .wraps = true};
  for (const Json& cell : kv) {
    const Json& metrics = at(cell, "metrics");
    table.rows.push_back({{string_at(cell, "type_k")},
                          {string_at(cell, "type_v")},
                          metric_cell("kld_mean", at(metrics, "kld_mean")),
                          metric_cell("ppl_change", at(metrics, "ppl_change")),
                          {bytes_at(cell, "bytes")},
                          {departs(cell)}});
  }
  return table;
}

enum class Edges { positions, fractions };

Table bucket_table(const Json& buckets, std::string heading, Edges edges) {
  Table table{.columns = {{std::move(heading)}, {"tokens", true}, {"KLD"}, {"perplexity change"}},
              .rows = {}};
  for (const Json& bucket : buckets) {
    const double low = number_at(bucket, "low").value_or(0),
                 high = number_at(bucket, "high").value_or(0);
    table.rows.push_back(
        {{edges == Edges::fractions ? fmt::format("{:.0f} to {:.0f} %", 100 * low, 100 * high)
                                    : fmt::format("{:.0f} to {:.0f}", low, high - 1)},
         {std::to_string(integer_at(bucket, "tokens"))},
         metric_cell("kld_mean", at(bucket, "kld_mean")),
         metric_cell("ppl_change", at(bucket, "ppl_change"))});
  }
  return table;
}

Table settings_table(const Json& result) {
  const Json& candidate = at(result, "candidate");
  const Json& settings = at(result, "settings");
  Table table{.columns = {{"Field"}, {"Value"}}, .rows = {}, .headed = false, .wraps = true};
  const auto add = [&](std::string field, std::string value) {
    table.rows.push_back({{std::move(field), Tone::dim}, {std::move(value)}});
  };
  add("path", string_at(candidate, "path"));
  add("model", card_line(candidate));
  add("size", bytes_at(candidate, "file_bytes"));
  add("cache",
      fmt::format("K {}, V {}", string_at(settings, "type_k"), string_at(settings, "type_v")));
  add("tokens scored", std::to_string(integer_at(result, "tokens_scored")));
  for (const auto& [name, metric] : at(result, "metrics").items())
    table.rows.push_back({{name, Tone::dim}, metric_words(name, metric)});
  return table;
}

}  // namespace

void add_kv(Page& page, const std::string& candidate, const Json& kv, bool verbose) {
  if (!kv.is_array() || kv.empty()) return;
  page.emplace_back(Heading{"KV cache of " + candidate + ": KLD against an F16 cache"});
  page.emplace_back(kv_grid(kv));
  if (!verbose) return;
  page.emplace_back(Gap{});
  page.emplace_back(kv_list(kv));
}

void add_details(Page& page, const std::string& candidate, const Json& result) {
  const Json& buckets = at(result, "buckets");
  page.emplace_back(Heading{candidate});
  page.emplace_back(settings_table(result));
  if (at(buckets, "position").empty()) return;  // a merged report without positions
  page.emplace_back(Gap{});
  page.emplace_back(bucket_table(at(buckets, "position"), "position", Edges::positions));
  page.emplace_back(Gap{});
  page.emplace_back(
      bucket_table(at(buckets, "confidence"), "original's top probability", Edges::fractions));
}

}  // namespace qualm::report
