#include "report/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "report/document.h"
#include "report/page.h"
#include "report/sample_reports.h"

namespace qualm::report::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Json sample(const std::string& command) {
  if (command == "measure") return to_json(measure_sample());
  if (command == "measure_kv") return to_json(measure_cache_grid());
  if (command == "diagnose") return to_json(diagnose_sample());
  if (command == "compare") return to_json(compare_sample());
  return to_json(inspect_sample());
}

/// Every document that results from replacing one value somewhere inside by `other`.
void for_each_damage(const Json& document, const Json& other,
                     const std::function<void(const Json&)>& see) {
  std::set<std::string> places;
  const Json flat = document.flatten();
  for (const auto& [pointer, value] : flat.items())
    for (Json::json_pointer at(pointer); !at.empty(); at = at.parent_pointer())
      places.insert(at.to_string());
  for (const std::string& place : places) {
    Json damaged = document;
    damaged[Json::json_pointer(place)] = other;
    see(damaged);
  }
}

TEST(Render, fixes_beside_a_pack_are_not_said_to_follow_each_other) {
  Json document = to_json(diagnose_by_pack());
  document["remedies"].push_back(document["remedies"].front());
  EXPECT_THAT(text(document, {}), HasSubstr("Fixes, each measured by itself"));
  document["reference"] = Json{{"absent", "no pack was given"}};
  EXPECT_THAT(text(document, {}), HasSubstr("Fixes, one after the other"));
}

class Renderers : public ::testing::TestWithParam<const char*> {};

/// compose() is the one step that reads JSON; other words are laid out as well.
TEST_P(Renderers, accept_any_json_in_any_place) {
  const Json document = sample(GetParam());
  for (const Json& other :
       {Json(nullptr), Json("text"), Json(-1.5), Json::array({1}), Json{{"a", 1}}}) {
    for_each_damage(document, other, [](const Json& damaged) {
      EXPECT_NO_THROW(EXPECT_FALSE(compose(damaged, true).empty())) << damaged;
    });
  }
  for_each_damage(document, Json("text"), [](const Json& damaged) {
    EXPECT_NO_THROW({
      EXPECT_FALSE(text(damaged, {.verbose = true}).empty());
      EXPECT_FALSE(markdown(damaged, true).empty());
    }) << damaged;
  });
}

TEST_P(Renderers, keep_to_the_width) {
  const Json document = sample(GetParam());
  for (int width = 60; width <= 160; width += 7) {
    std::istringstream lines(text(document, {.width = width, .verbose = true}));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("  llama-quantize")) continue;
      EXPECT_LE(line.size(), static_cast<std::size_t>(width)) << line;
    }
  }
}

TEST_P(Renderers, colours_change_no_letter) {
  const Json document = sample(GetParam());
  std::string colourful = text(document, {.colour = true});
  for (auto at = colourful.find('\x1b'); at != std::string::npos; at = colourful.find('\x1b'))
    colourful.erase(at, colourful.find('m', at) + 1 - at);
  EXPECT_EQ(colourful, text(document, {.colour = false}));
}

TEST_P(Renderers, leave_no_blanks_at_the_end_of_a_line) {
  EXPECT_THAT(text(sample(GetParam()), {.verbose = true}), Not(HasSubstr(" \n")));
}

INSTANTIATE_TEST_SUITE_P(All, Renderers,
                         ::testing::Values("measure", "measure_kv", "diagnose", "inspect",
                                           "compare"),
                         [](const auto& command) { return std::string(command.param); });

TEST(Text, says_when_a_change_is_not_separated) {
  EXPECT_THAT(text(sample("measure"), {}), HasSubstr("tiny-Q8_0.gguf: perplexity change is not "));
}

TEST(Text, tells_candidates_of_one_name_apart_by_their_paths) {
  MeasureReport report = measure_sample();
  report.results[0].candidate.path = "a/model.gguf";
  report.results[1].candidate.path = "b/model.gguf";
  EXPECT_THAT(text(to_json(report), {}), HasSubstr("a/model.gguf"));
}

TEST(Text, names_the_text_of_each_row_where_they_differ) {
  MeasureReport report = measure_sample();
  report.results[1].text = "corpora/code.txt";
  const std::string shown = text(to_json(report), {.width = 0});
  EXPECT_THAT(shown, HasSubstr("tiny-Q8_0.gguf  code.txt"));
  EXPECT_THAT(shown, HasSubstr("tiny-Q8_0.gguf: Text: corpora/code.txt"));
}

TEST(Text, a_command_is_never_broken) {
  EXPECT_THAT(text(sample("diagnose"), {.width = 20}),
              HasSubstr("\n  llama-quantize models/tiny-F16.gguf tiny-Q4_K_M.gguf Q4_K_M\n"));
}

TEST(Text, no_control_character_of_a_file_reaches_the_terminal) {
  const std::string shown = text(to_json(inspect_hostile()), {.verbose = true});
  for (const char c : shown) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(Text, an_unknown_command_is_no_crash) {
  EXPECT_THAT(text(Json{{"command", "dance"}}, {}), HasSubstr("dance"));
  EXPECT_THAT(text(Json(), {}), HasSubstr("no report"));
}

TEST(Markdown, a_fence_is_longer_than_the_backticks_inside) {
  DiagnoseReport report = diagnose_sample();
  report.diagnosis.remedies[0].command = "echo ````";
  EXPECT_THAT(markdown(to_json(report)), HasSubstr("\n`````sh\necho ````\n`````\n"));
}

TEST(Markdown, links_tables_and_html_of_a_file_are_letters) {
  const std::string shown = markdown(to_json(inspect_hostile()));
  EXPECT_THAT(shown, HasSubstr("[x\\](javascript:alert)"));
  EXPECT_THAT(shown, HasSubstr("evil\\|name\\`"));
  EXPECT_THAT(shown, HasSubstr("\\<b\\>"));
}

}  // namespace
}  // namespace qualm::report::testing
