#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/units.h"
#include "evaluate/metrics.h"
#include "numeric/level.h"
#include "report/page_measure_details.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

/// Names of the metrics that every table shows.
std::vector<std::string> shown_metrics() {
  std::vector<std::string> names;
  for (const evaluate::MetricRow& row : evaluate::metric_rows())
    if (row.in_tables) names.emplace_back(row.name);
  return names;
}

/// File names, or whole paths where two files share a name.
std::vector<std::string> labels(const Json& results) {
  std::vector<std::string> names;
  for (const Json& result : results)
    names.push_back(file_name(string_at(at(result, "candidate"), "path")));
  std::vector<std::string> unique = names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const std::string path = string_at(at(results[i], "candidate"), "path");
        std::ranges::count(names, names[i]) > 1)
      unique[i] = path;
  return unique;
}

bool texts_differ(const Json& results) {
  return std::ranges::any_of(results, [&](const Json& result) {
    return string_at(result, "text") != string_at(results.front(), "text");
  });
}

Table result_table(const Json& results, const std::vector<std::string>& names) {
  const bool texts = texts_differ(results);
  Table table{.columns = {{"candidate"}}, .rows = {}};
  if (texts) table.columns.push_back({"text"});
  table.columns.push_back({"bpw", true});
  for (const std::string& name : shown_metrics()) table.columns.push_back({metric_label(name)});
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Json& result = results[i];
    const auto bpw = number_at(at(result, "candidate"), "bpw");
    std::vector<Cell> row{{names[i], Tone::strong}};
    if (texts) row.push_back({file_name(string_at(result, "text"))});
    row.push_back({bpw ? fmt::format("{:.2f}", *bpw) : "not known"});
    for (const std::string& name : shown_metrics()) {
      const Json& metric = at(at(result, "metrics"), name);
      row.push_back(why_absent(metric) ? Cell{"not measured", Tone::dim}
                                       : metric_cell(name, metric));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string text_line(const Json& result) {
  constexpr std::string_view kBundled = "bundled: ";
  std::string text = string_at(result, "text");
  if (text.starts_with(kBundled)) text = text.substr(kBundled.size()) + " (bundled)";
  const std::string protocol = string_at(result, "protocol");
  return fmt::format("Text: {}, in windows of {} tokens{}.", text, integer_at(result, "ctx_size"),
                     protocol == "default" ? "" : ", protocol " + protocol);
}

/// What the cells of the table have no room for.
void explain_cells(Sentences& sentences, const std::string& name, const Json& metrics) {
  std::vector<std::pair<std::string, std::string>> absent;  // reason, metrics
  for (const std::string& metric : shown_metrics()) {
    const Json& value = at(metrics, metric);
    if (not_separated(value))
      sentences.add(name, metric_label(metric) + " is not significantly different from 0.");
    const Json& no_interval = at(value, "reason");
    const auto reason =
        no_interval.is_string() ? std::optional(no_interval.get<std::string>()) : why_absent(value);
    if (!reason) continue;
    if (absent.empty() || absent.back().first != *reason) absent.push_back({*reason, ""});
    std::string& all = absent.back().second;
    all += (all.empty() ? "" : ", ") + metric_label(metric);
  }
  for (const auto& [reason, all] : absent)
    sentences.add(name, fmt::format("No interval for {}: {}.", all, reason), Tone::dim);
}

/// Of few windows, whose mean misses low where they are skewed, the range beside the interval.
void explain_range(Sentences& sentences, const std::string& name, const Json& result) {
  const auto read = integer_at(at(result, "windows"), "read");
  if (read >= numeric::kFewClusters) return;
  std::vector<std::string> ranges;
  for (const std::string& metric : shown_metrics())
    if (const Json& value = at(at(result, "metrics"), metric);
        at(value, "low").is_number() && at(value, "windows").is_object())
      ranges.push_back(metric_label(metric) + " " + window_range(value));
  if (!ranges.empty())
    sentences.add(name, fmt::format("Only {} windows were read. Range of single windows: {}.", read,
                                    fmt::join(ranges, ", ")));
}

Page footer(const Json& results, const std::vector<std::string>& names) {
  Sentences sentences;
  for (std::size_t i = 0; i < results.size(); ++i) {
    explain_cells(sentences, names[i], at(results[i], "metrics"));
    explain_range(sentences, names[i], results[i]);
    for (const Json& note : at(results[i], "notes"))
      sentences.add(names[i], string_at(note, "says"), Tone::warning);
  }
  for (std::size_t i = 0; i < results.size(); ++i) sentences.add(names[i], text_line(results[i]));
  for (std::size_t i = 0; i < results.size(); ++i)
    if (const std::string says = string_at(results[i], "original"); !says.empty())
      sentences.add(names[i], says);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Json& result = results[i];
    sentences.add(names[i], windows_line(at(result, "windows"),
                                         {.stopped_early = flag_at(result, "stopped_early"),
                                          .cancelled = flag_at(result, "cancelled")}));
  }
  for (std::size_t i = 0; i < results.size(); ++i)
    sentences.add(names[i], noise_floor_line(at(results[i], "resolution")));
  return sentences.page(results.size());
}

Cell outcome_word(const Json& gate) {
  const std::string outcome = string_at(gate, "outcome");
  if (outcome == "holds") return {"FAIL", Tone::bad};
  if (outcome == "lost") return {"FAIL: positions without finite logits", Tone::bad};
  if (outcome == "does_not_hold") return {"PASS", Tone::good};
  if (outcome == "below_original")
    return {
        "cannot tell: the perplexity is below the original's, which is no measure of a loss; "
        "use kld_mean",
        Tone::warning};
  const auto least = number_at(gate, "smallest_detectable");
  const std::string condition = string_at(gate, "condition");
  const auto metric = evaluate::metric_named(condition.substr(0, condition.find_first_of("<> ")));
  const bool percent = metric && evaluate::row_of(*metric).unit == "fraction";
  return {least ? fmt::format("cannot tell: this text shows only differences of {} or more from "
                              "the limit; use a longer text (-f)",
                              format_value(*least, {.percent = percent}))
                : "cannot tell",
          Tone::warning};
}

void add_gates(Page& page, const Json& gates) {
  if (!gates.is_array() || gates.empty()) return;
  page.emplace_back(Heading{"Conditions of --fail-if"});
  Table table{.columns = {{"Condition"}, {"Candidate"}, {"Outcome"}}, .rows = {}, .headed = false};
  for (const Json& gate : gates) {
    table.rows.push_back({{string_at(gate, "condition")},
                          {file_name(string_at(gate, "candidate"))},
                          outcome_word(gate)});
  }
  page.emplace_back(std::move(table));
}

}  // namespace

Page compose_measure(const Json& document, bool verbose) {
  const Json& results = at(document, "results");
  const Json& baseline = at(document, "baseline");
  Page page;
  if (!why_absent(baseline))
    page.emplace_back(Paragraph{{{"original"},
                                 {file_name(string_at(baseline, "path")), Tone::strong},
                                 {card_line(baseline)}}});
  if (const Json& reference = at(document, "reference"); reference.contains("original"))
    page.emplace_back(Paragraph{{{fmt::format("by the reference pack {} (not verified): KLD is "
                                              "estimated",
                                              file_name(string_at(reference, "path"))),
                                  Tone::dim}}});
  if (!results.is_array() || results.empty()) {
    page.emplace_back(Paragraph{{{"Nothing was measured."}}});
    return page;
  }
  const std::vector<std::string> names = labels(results);
  page.emplace_back(result_table(results, names));
  std::ranges::move(footer(results, names), std::back_inserter(page));
  for (std::size_t i = 0; i < results.size(); ++i)
    add_kv(page, names[i], at(results[i], "kv"), verbose);
  add_gates(page, at(document, "gates"));
  add_ladder(page, at(document, "ladder"), LadderOf::files);
  for (std::size_t i = 0; verbose && i < results.size(); ++i)
    add_details(page, names[i], results[i]);
  return page;
}

}  // namespace qualm::report
