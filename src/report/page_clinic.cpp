#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/page_parts.h"

namespace qualm::report {
namespace {

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
std::string shares_of(const Json& patient) {
  std::string text;
  for (const Json& share : at(patient, "shares"))
    text += fmt::format("{}{} {} (truth {}{})", text.empty() ? "" : ", ", string_at(share, "check"),
                        percent(at(share, "found")), percent(at(share, "truth")),
                        flag_at(share, "holds") ? "" : ", APART");
  return text;
}

std::string made_cause(const Json& patient) {
  const Json& also = at(patient, "also");
  return string_at(patient, "cause") +
         (also.is_string() ? " + " + also.get<std::string>() : std::string());
}

std::string remarks(const Json& patient) {
  std::string text = shares_of(patient);
  for (const auto& [key, prefix] : {std::pair{"missed", "MISSED "}, {"false_alarms", "FALSE "}})
    if (const std::string words = joined(at(patient, key), prefix); !words.empty())
      text += (text.empty() ? "" : "; ") + words;
  return text;
}

Table patients_of(const Json& document) {
  Table table{
      .columns =
          {{"Patient"}, {"Harm"}, {"Found"}, {""}, {"Windows", true}, {"s", true}, {"Shares"}},
      .rows = {},
      .headed = true,
      .wraps = true};
  for (const Json& patient : at(document, "patients")) {
    const bool right = flag_at(patient, "right");
    const Tone tone = right ? Tone::good : Tone::bad;
    table.rows.push_back(
        {{string_at(patient, "name"), Tone::strong},
         {string_at(at(patient, "truth"), "harm")},
         {string_at(patient, "found"), tone},
         {right ? "right" : "WRONG", tone},
         {fmt::format("{}", integer_at(at(patient, "windows"), "read"))},
         {fmt::format("{:.0f}", number_at(at(patient, "spent"), "seconds").value_or(0))},
         {remarks(patient), Tone::dim}});
  }
  return table;
}

std::int64_t patients_in(const Json& confusion, const std::string& cause,
                         const std::string& found) {
  for (const Json& cell : confusion)
    if (string_at(cell, "cause") == cause && string_at(cell, "found") == found)
      return integer_at(cell, "patients");
  return 0;
}

/// Rows: what was put in; columns: what was found.
Table confusion_of(const Json& document) {
  constexpr const char* kAnswers[] = {"healthy",    "not_quant",    "tier",
                                      "kv_cache",   "architecture", "calibration",
                                      "provenance", "problem",      "cannot_tell"};
  const Json& confusion = at(document, "confusion");
  std::vector<std::string> found;
  for (const char* answer : kAnswers)
    if (std::ranges::any_of(confusion,
                            [&](const Json& cell) { return string_at(cell, "found") == answer; }))
      found.emplace_back(answer);
  Table table{.columns = {{"Put in \\ found"}}, .rows = {}, .headed = true, .wraps = false};
  for (const std::string& answer : found) table.columns.push_back({answer, true});
  for (const char* cause : kAnswers) {
    std::vector<Cell> cells{{cause, Tone::strong}};
    std::int64_t all = 0;
    for (const std::string& answer : found) {
      const auto count = patients_in(confusion, cause, answer);
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
  page.emplace_back(patients_of(document));
  page.emplace_back(Gap{});
  page.emplace_back(Heading{"Confusion"});
  page.emplace_back(confusion_of(document));
  page.emplace_back(Gap{});
  const Json& shares = at(document, "shares");
  page.emplace_back(Paragraph{
      {{fmt::format("Right: {}. Wrong: {}.", integer_at(document, "right"), wrong),
        wrong == 0 ? Tone::good : Tone::bad},
       {fmt::format("Shares whose interval meets the truth's: {} of {}.",
                    integer_at(shares, "hold"), integer_at(shares, "compared"))},
       {fmt::format("Took {:.0f} s.", number_at(document, "seconds").value_or(0)), Tone::dim}}});
  if (const std::string out = joined(at(document, "left_out"), ""); !out.empty())
    page.emplace_back(Paragraph{{{"Not made, their model was not given: " + out, Tone::dim}}});
  for (const Json& patient : at(document, "patients"))
    if (verbose || !flag_at(patient, "right"))
      page.emplace_back(Paragraph{{{string_at(patient, "name"), Tone::strong},
                                   {"put in: " + made_cause(patient)},
                                   {string_at(patient, "made")},
                                   {string_at(patient, "summary"), Tone::dim}}});
  return page;
}

}  // namespace qualm::report
