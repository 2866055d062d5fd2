#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "diagnose/checks.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

/// The limit that the cases were judged by.
std::string limit_line(const std::string& accepted) {
  return accepted.empty() ? "" : fmt::format("Limit of the loss: {}.", accepted);
}

std::string joined(const Json& words, const std::string& prefix) {
  std::string text;
  for (const Json& word : words)
    if (word.is_string()) text += (text.empty() ? prefix : ", ") + word.get<std::string>();
  return text;
}

std::string percent(const Json& share) {
  const auto value = number_at(share, "value");
  return value ? fmt::format("{:.0f} %", 100 * *value) : "?";
}

/// "tier 74 % (truth 71 %), kv_cache ..."; a share whose interval does not meet the truth's says
/// so.
std::string shares_of(const Json& one) {
  std::string text;
  for (const Json& share : at(one, "shares"))
    text += fmt::format("{}{} {} (truth: {}{})", text.empty() ? "" : ", ",
                        string_at(share, "check"), percent(at(share, "found")),
                        percent(at(share, "truth")), flag_at(share, "holds") ? "" : ", DIFFERENT");
  return text;
}

std::string made_cause(const Json& one) {
  const Json& also = at(one, "also");
  return string_at(one, "cause") +
         (also.is_string() ? " + " + also.get<std::string>() : std::string());
}

std::string remarks(const Json& one) {
  std::vector<std::string> parts{shares_of(one), joined(at(one, "missed"), "MISSED "),
                                 joined(at(one, "false_alarms"), "FALSE ")};
  if (const Json& alone = at(one, "alone"); alone.contains("answer"))
    parts.push_back(fmt::format("{}without the original: {}",
                                string_at(alone, "answer") == "wrong" ? "WRONG " : "",
                                string_at(alone, "found")));
  const Json& pack = at(one, "with_pack");
  if (string_at(pack, "answer") == "wrong")
    parts.push_back("WRONG with a pack: " + string_at(pack, "found"));
  if (pack.contains("agrees") && !flag_at(pack, "agrees")) {
    const Json& loss = at(pack, "loss");
    parts.push_back(fmt::format("WITH A PACK: loss {}, cache {}",
                                loss.is_string() ? loss.get<std::string>() : "not measured",
                                string_at(pack, "cache")));
  }
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, "; "));
}

Table case_table(const Json& document) {
  Table table{.columns = {{"Case"},
                          {"Real loss"},
                          {"Found"},
                          {""},
                          {"Windows", true},
                          {"Seconds", true},
                          {"Shares"}},
              .rows = {},
              .headed = true,
              .wraps = true};
  for (const Json& one : at(document, "patients")) {
    const bool right = flag_at(one, "right");
    const Tone tone = right ? Tone::good : Tone::bad;
    table.rows.push_back(
        {{string_at(one, "name"), Tone::strong},
         {string_at(at(one, "truth"), "harm")},
         {string_at(one, "found"), tone},
         {right ? "right" : "WRONG", tone},
         {fmt::format("{}", integer_at(at(one, "windows"), "read"))},
         {fmt::format("{:.0f}", number_at(at(one, "spent"), "seconds").value_or(0))},
         {remarks(one), Tone::dim}});
  }
  return table;
}

std::int64_t count_in(const Json& confusion, const std::string& cause, const std::string& found) {
  for (const Json& cell : confusion)
    if (string_at(cell, "cause") == cause && string_at(cell, "found") == found)
      return integer_at(cell, "patients");
  return 0;
}

/// All that a diagnosis may end with.
std::vector<std::string> answer_names() {
  std::vector<std::string> all{"healthy"};
  for (const diagnose::CheckRow& row : diagnose::kChecks) all.emplace_back(row.name);
  all.insert(all.end(), {"problem", "cannot_tell"});
  return all;
}

/// Rows: what was put in; columns: what was found.
Table confusion_of(const Json& document) {
  const Json& confusion = at(document, "confusion");
  std::vector<std::string> found;
  for (const std::string& answer : answer_names())
    if (std::ranges::any_of(confusion,
                            [&](const Json& cell) { return string_at(cell, "found") == answer; }))
      found.push_back(answer);
  Table table{.columns = {{"Put in \\ found"}}, .rows = {}, .headed = true, .wraps = false};
  for (const std::string& answer : found) table.columns.push_back({answer, true});
  for (const std::string& cause : answer_names()) {
    std::vector<Cell> cells{{cause, Tone::strong}};
    std::int64_t all = 0;
    for (const std::string& answer : found) {
      const auto count = count_in(confusion, cause, answer);
      all += count;
      cells.push_back({count > 0 ? fmt::format("{}", count) : "", Tone::plain});
    }
    if (all > 0) table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

Page compose_clinic(const nlohmann::ordered_json& document, bool verbose) {
  Page page;
  const auto wrong = integer_at(document, "wrong");
  page.emplace_back(case_table(document));
  page.emplace_back(Gap{});
  page.emplace_back(Heading{"What was put in (rows) and what was found (columns)"});
  page.emplace_back(confusion_of(document));
  page.emplace_back(Gap{});
  const Json& shares = at(document, "shares");
  page.emplace_back(Paragraph{
      {{fmt::format("Right: {}. Wrong: {}.", integer_at(document, "right"), wrong),
        wrong == 0 ? Tone::good : Tone::bad},
       {fmt::format("The share that was found agrees with the true share in {} of {} cases.",
                    integer_at(shares, "hold"), integer_at(shares, "compared"))},
       {limit_line(string_at(document, "accept"))},
       {fmt::format("Took {:.0f} s.", number_at(document, "seconds").value_or(0)), Tone::dim}}});
  if (const std::string out = joined(at(document, "left_out"), ""); !out.empty())
    page.emplace_back(Paragraph{{{"Not made (their model was not given): " + out, Tone::dim}}});
  for (const Json& one : at(document, "patients"))
    if (verbose || !flag_at(one, "right"))
      page.emplace_back(Paragraph{{{string_at(one, "name"), Tone::strong},
                                   {"true cause: " + made_cause(one)},
                                   {string_at(one, "made")},
                                   {string_at(one, "summary"), Tone::dim}}});
  return page;
}

}  // namespace qualm::report
