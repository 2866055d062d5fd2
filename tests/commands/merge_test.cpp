// qualm merge on reports that were written by report::to_json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "evaluate/summary.h"
#include "experiment/positions_file.h"
#include "report/document.h"
#include "support/places.h"

namespace qualm::commands {
namespace {

using nlohmann::ordered_json;
using Change = std::function<void(ordered_json&)>;

constexpr std::int32_t kWindowsOfText = 24;

evaluate::WindowScores scored(std::int32_t window) {
  evaluate::WindowScores scores{.window = window, .scores = {}};
  for (std::int32_t i = 4; i < 31; ++i) {
    const double x = std::sin(window * 31 + i);
    scores.scores.push_back({.nll_p = 2 + x,
                             .nll_q = 2.1 + x * 1.1,
                             .kld = static_cast<float>(0.1 + 0.09 * x),
                             .delta_p = static_cast<float>(0.01 * x),
                             .confidence = static_cast<float>(0.5 + 0.49 * x),
                             .position = i,
                             .same_top = x < 0.8});
  }
  scores.scores[3] = {.position = 7, .finite = false};
  return scores;
}

/// A report of windows [begin, end).
report::MeasureReport measured(std::int32_t begin, std::int32_t end,
                               const std::string& name = "q4.gguf") {
  report::MeasureReport report;
  report.tool.libllama = "libllama 1";
  report.baseline.emplace().path = "f16.gguf";
  report::MeasureResult result;
  result.candidate.path = name;
  result.candidate.file_bytes = 100;
  result.text = "text.txt";
  result.protocol = "default";
  result.settings.ctx_size = 32;
  result.hashes = {"hash of " + name, "original", "text"};
  result.cache_bytes = 20;
  for (std::int32_t w = begin; w < end; ++w) result.measurement.windows.push_back(scored(w));
  result.measurement.windows_total = kWindowsOfText;
  result.noise_floor.original = {numeric::Estimate{1e-3, 5e-4, 2e-3 + begin * 1e-6}, "nat/token",
                                 ""};
  evaluate::summarize(result.measurement);
  report.results.push_back(std::move(result));
  return report;
}

/// A folder for reports, and the merging of them.
struct Desk : test::Scratch {
  std::string write(const std::string& name, const report::MeasureReport& report,
                    const Change& change = nullptr) const {
    auto document = report::to_json(report);
    if (change) change(document);
    test::write(path(name), document.dump());
    return path(name);
  }
  std::string positions(const std::string& name, const report::MeasureReport& report) const {
    const auto& one = report.results.front();
    const experiment::Positions scores{one.hashes.candidate, one.hashes.original, one.hashes.text,
                                       one.measurement.windows};
    EXPECT_TRUE(experiment::write_positions(std::span(&scores, 1), path(name)));
    return path(name);
  }
};

Result<job::Outcome> merged(std::vector<std::string> reports,
                            std::vector<std::string> positions = {}) {
  job::Request request;
  request.command = "merge";
  request.merge = {std::move(reports), std::move(positions)};
  return merge(request);
}

ordered_json only_result(const Result<job::Outcome>& outcome) {
  if (!outcome) {
    ADD_FAILURE() << describe(outcome.error());
    return {};
  }
  EXPECT_EQ(outcome->document["results"].size(), 1U);
  return outcome->document["results"][0];
}

TEST(Merge, of_two_halves_has_the_means_and_intervals_of_one_run) {
  const Desk desk;
  const auto joined = only_result(
      merged({desk.write("b.json", measured(10, 24)), desk.write("a.json", measured(0, 10))}));
  const auto whole = report::to_json(measured(0, 24))["results"][0];
  EXPECT_EQ(joined["windows"], whole["windows"]);
  EXPECT_EQ(joined["windows_raw"], whole["windows_raw"]);
  for (const evaluate::MetricRow& row : evaluate::metric_rows()) {
    const std::string name(row.name);
    if (row.statistic == evaluate::Statistic::mean) {
      EXPECT_EQ(joined["metrics"][name], whole["metrics"][name]) << name;
    } else {
      EXPECT_THAT(joined["metrics"][name]["absent"].dump(), ::testing::HasSubstr("--positions"));
    }
  }
  EXPECT_TRUE(joined["buckets"]["position"].empty());
}

TEST(Merge, with_the_positions_of_both_is_the_report_of_one_run) {
  const Desk desk;
  const auto a = measured(0, 10);
  const auto b = measured(10, 24);
  const auto joined =
      only_result(merged({desk.write("a.json", a), desk.write("b.json", b)},
                         {desk.positions("a.scores", a), desk.positions("b.scores", b)}));
  auto whole = report::to_json(measured(0, 24))["results"][0];
  whole["resolution"] = joined["resolution"];
  EXPECT_EQ(joined, whole);
}

TEST(Merge, takes_the_larger_noise_floor) {
  const Desk desk;
  const auto joined = only_result(
      merged({desk.write("a.json", measured(0, 10)), desk.write("b.json", measured(10, 24))}));
  EXPECT_EQ(joined["resolution"]["kld_mean"]["high"], 2e-3 + 1e-5);
}

TEST(Merge, counts_a_window_that_two_reports_have_once) {
  const Desk desk;
  const auto joined = only_result(
      merged({desk.write("a.json", measured(0, 14)), desk.write("b.json", measured(6, 24))}));
  EXPECT_EQ(joined["windows"]["read"], 24);
}

TEST(Merge, of_two_candidates_says_which_one_to_take) {
  const Desk desk;
  const auto outcome = merged(
      {desk.write("a.json", measured(0, 24)), desk.write("b.json", measured(0, 24, "q3.gguf"))});
  ASSERT_TRUE(outcome) << describe(outcome.error());
  EXPECT_EQ(outcome->document["results"].size(), 2U);
  EXPECT_EQ(outcome->document["ladder"]["rungs"].size(), 2U);
  EXPECT_EQ(outcome->document["ladder"]["rungs"][0]["cache_bytes"], 20);
}

TEST(Merge, answers_conditions_and_has_the_exit_code_of_measure) {
  const Desk desk;
  job::Request request;
  request.merge.reports = {desk.write("a.json", measured(0, 4)),
                           desk.write("b.json", measured(4, 24))};
  request.fail_if = {"kld_mean>0.01"};
  const auto outcome = merge(request);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->document["gates"][0]["outcome"], "holds");
  EXPECT_EQ(outcome->exit_code, 1);
  EXPECT_EQ(merged({desk.path("a.json")})->exit_code, 3) << "4 windows have no interval";
}

TEST(Merge, by_a_pack_has_no_percentiles_even_with_positions) {
  const Desk desk;
  auto report = measured(0, 24);
  report.reference.emplace().path = "m.qref";
  const auto joined =
      only_result(merged({desk.write("a.json", report)}, {desk.positions("a.scores", report)}));
  EXPECT_EQ(joined["metrics"]["kld_p90"]["absent"], "a reference pack cannot tell it");
}

/// What merging a sound report with one that was changed is refused with: code and place.
std::string refused(const Change& change) {
  const Desk desk;
  const auto outcome = merged(
      {desk.write("a.json", measured(0, 10)), desk.write("b.json", measured(8, 24), change)});
  if (outcome) return "merged";
  EXPECT_EQ(exit_code(outcome.error().kind), 2);
  EXPECT_EQ(outcome.error().file, desk.path("b.json"));
  EXPECT_FALSE(outcome.error().advice.empty());
  return outcome.error().code + " " + outcome.error().place;
}

/// The same, of a field of its result.
std::string refused(const char* pointer, const ordered_json& value) {
  return refused([&](ordered_json& document) {
    document["results"][0][ordered_json::json_pointer(pointer)] = value;
  });
}

TEST(Merge, refuses_what_does_not_belong_together) {
  EXPECT_EQ(refused("/hashes/text", "other"), "MERGE-003 text");
  EXPECT_EQ(refused("/hashes/original", "other"), "MERGE-003 original");
  EXPECT_EQ(refused("/ctx_size", 64), "MERGE-003 context size");
  EXPECT_EQ(refused("/protocol", "llama.cpp"), "MERGE-003 protocol");
  EXPECT_EQ(refused("/settings/type_k", "q8_0"), "MERGE-003 cache, flash attention, batch");
  EXPECT_EQ(refused("/windows/total", 25), "MERGE-003 windows of the text");
  EXPECT_EQ(refused([](auto& d) { d["tool"]["version"] = "0"; }), "MERGE-003 version of qualm");
  EXPECT_EQ(refused([](auto& d) { d["tool"]["libllama"] = "0"; }), "MERGE-003 version of libllama");
}

TEST(Merge, refuses_a_window_with_other_figures) {
  EXPECT_EQ(refused("/windows_raw/1/kld", 2.5), "MERGE-004 q4.gguf, window 9");
}

TEST(Merge, refuses_a_run_that_stopped_early) {
  EXPECT_EQ(refused("/stopped_early", true), "MERGE-005 q4.gguf");
}

TEST(Merge, refuses_what_is_no_report_of_measure) {
  EXPECT_EQ(refused([](auto& d) { d = {{"command", "diagnose"}}; }), "MERGE-001 ");
  EXPECT_EQ(refused([](auto& d) { d["schema_version"] = 99; }), "MERGE-001 ");
  EXPECT_EQ(refused([](auto& d) { d = "text"; }), "MERGE-001 ");
  const Desk desk;
  test::write(desk.path("cut.json"), report::to_json(measured(0, 9)).dump().substr(0, 200));
  EXPECT_EQ(merged({desk.path("cut.json")}).error().code, "JSON-002");
}

TEST(Merge, names_the_field_that_is_missing_or_cannot_be) {
  EXPECT_EQ(refused([](auto& d) { d["results"][0].erase("hashes"); }),
            "MERGE-002 results[0].hashes.candidate");
  EXPECT_EQ(refused([](auto& d) { d["results"].clear(); }), "MERGE-002 results");
  EXPECT_EQ(refused("/windows_raw/0/nll", "much"), "MERGE-002 results[0].windows_raw.nll");
  EXPECT_EQ(refused("/windows_raw/0/tokens", -1), "MERGE-002 results[0].windows_raw.tokens");
  EXPECT_EQ(refused("/windows_raw/0/same_top", 100), "MERGE-002 results[0].windows_raw");
  EXPECT_EQ(refused("/windows_raw/0/window", 9), "MERGE-002 results[0].windows_raw");
  EXPECT_EQ(refused("/windows_raw/0/window", 24), "MERGE-002 results[0].windows_raw");
  EXPECT_EQ(refused("/resolution/kld_mean/low", 1), "MERGE-002 results[0].resolution.kld_mean");
  EXPECT_EQ(refused("/candidate", nullptr), "MERGE-002 results[0].candidate.path");
  EXPECT_EQ(refused("/cache_bytes", -1), "MERGE-002 results[0].cache_bytes");
}

/// Merging reports of two halves with these positions.
std::string refused_positions(const report::MeasureReport& scores) {
  const Desk desk;
  const auto outcome =
      merged({desk.write("a.json", measured(0, 10)), desk.write("b.json", measured(10, 24))},
             {desk.positions("scores", scores)});
  return outcome ? "merged" : outcome.error().code + " " + outcome.error().place;
}

TEST(Merge, refuses_positions_of_another_run) {
  auto other = measured(0, 24);
  other.results[0].hashes.text = "other";
  EXPECT_EQ(refused_positions(other), "MERGE-006 candidate hash of q4.g...");
  auto changed = measured(0, 24);
  changed.results[0].measurement.windows[5].scores[0].kld = 1;
  EXPECT_EQ(refused_positions(changed), "MERGE-006 q4.gguf, window 5");
  EXPECT_EQ(refused_positions(measured(0, 23)), "MERGE-007 window 23");
  EXPECT_EQ(refused_positions(measured(0, 24)), "merged");
}

}  // namespace
}  // namespace qualm::commands
