#include "report/document.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "report/sample_reports.h"

namespace qualm::report::testing {
namespace {

using evaluate::MetricId;

Json metrics_of(const std::vector<std::pair<MetricId, numeric::Metric>>& metrics) {
  MeasureReport report = measure_sample();
  report.results[0].measurement.metrics = {};
  for (const auto& [id, metric] : metrics) report.results[0].measurement.metrics[id] = metric;
  return to_json(report)["results"][0]["metrics"];
}

TEST(Document, a_token_between_scored_ones_that_was_not_scored_has_its_place_and_no_numbers) {
  DiagnoseReport report = diagnose_sample();
  ShownWindow& window = report.where.tokens->windows.front();
  window.scores[0].position = 0;
  window.scores[1].position = 3;
  window.scores.pop_back();
  const Json shown = to_json(report)["tokens"]["windows"][0];
  EXPECT_EQ(shown["first"], 1);
  EXPECT_EQ(shown["flip"], "0001");
  EXPECT_EQ(shown["kld"], (Json{0.25, nullptr, nullptr, 2.5}));
  EXPECT_EQ(shown["top_original"][1], nullptr);
  EXPECT_EQ(shown["top_original"][3], shown["top_original"][0]);
  EXPECT_EQ(shown["top_candidate"][3], nullptr) << "not known";
}

TEST(Document, an_interval_without_width_is_said_to_be_absent) {
  const Json json =
      metrics_of({{MetricId::kld_max, {numeric::Estimate{2, 2, 2}, "nat/token", ""}}});
  EXPECT_EQ(json["kld_max"].dump(), R"({"value":2.0,"interval":"absent","unit":"nat/token"})");
}

TEST(Document, an_exact_zero_keeps_its_interval) {
  const Json json =
      metrics_of({{MetricId::kld_mean, {numeric::Estimate{0, 0, 0}, "nat/token", ""}}});
  EXPECT_EQ(json["kld_mean"].dump(), R"({"value":0.0,"low":0.0,"high":0.0,"unit":"nat/token"})");
}

TEST(Document, an_unknown_metric_gives_its_reason_and_nothing_else) {
  const Json json =
      metrics_of({{MetricId::ppl, {std::nullopt, "1", "one window"}}, {MetricId::kld_p90, {}}});
  EXPECT_EQ(json["ppl"].dump(), R"({"absent":"one window"})");
  EXPECT_EQ(json["kld_p90"].dump(), R"({"absent":"not measured"})");
}

TEST(Document, infinities_and_nan_never_get_in) {
  const double inf = std::numeric_limits<double>::infinity();
  const Json json =
      metrics_of({{MetricId::ppl, {numeric::Estimate{inf, 1, inf}, "1", ""}},
                  {MetricId::ppl_change, {numeric::Estimate{3, 1, inf}, "fraction", ""}}});
  EXPECT_EQ(json["ppl"].dump(), R"({"absent":"not a finite number"})");
  EXPECT_EQ(json["ppl_change"].dump(), R"({"value":3.0,"interval":"absent","unit":"fraction"})");
}

TEST(Document, a_change_says_whether_it_is_separated_from_0) {
  const auto change = [](double low, double high) {
    return metrics_of({{MetricId::ppl_change, {numeric::Estimate{0, low, high}, "fraction", ""}}});
  };
  EXPECT_EQ(change(-0.1, 0.1)["ppl_change"]["separated"], false);
  EXPECT_EQ(change(0, 0.1)["ppl_change"]["separated"], false);
  EXPECT_EQ(change(-0.2, -0.1)["ppl_change"]["separated"], true);
}

TEST(Document, window_sums_give_the_metrics_back) {
  MeasureReport report = measure_sample();
  report.results[0].measurement.windows = {{17,
                                            {{2.0, 2.125, 0.0625F, -0.25F, 0.5F, 64, true, true},
                                             {1.0, 1.5, 0.125F, -0.5F, 0.75F, 65, false, true},
                                             {0, 0, 0, 0, 0, 66, false, false}}}};
  const Json window = to_json(report)["results"][0]["windows_raw"][0];
  EXPECT_EQ(
      window.dump(),
      R"({"window":17,"tokens":2,"nll_baseline":3.0,"nll":3.625,"kld":0.1875,"delta_p":-0.75,)"
      R"("delta_p_squared":0.3125,"same_top":1,"not_finite":1,"positions_lost":0})");
}

std::vector<std::string> note_ids(const MeasureReport& report) {
  std::vector<std::string> ids;
  const Json document = to_json(report);
  for (const Json& note : document["results"][0]["notes"]) ids.push_back(note["id"]);
  return ids;
}

/// One candidate whose figures are all finite and that stopped by its rule.
MeasureReport plain_report() {
  MeasureReport report = measure_sample();
  report.results.resize(1);
  report.ladder.reset();  // it is about two
  evaluate::Measurement& m = report.results[0].measurement;
  m.not_finite = 0;
  m.lost = 0;
  m.windows_total = 100;
  return report;
}

TEST(Document, a_perplexity_below_the_baselines_is_an_anomaly) {
  MeasureReport report = plain_report();
  EXPECT_EQ(note_ids(report), std::vector<std::string>{});
  report.results[0].measurement.metrics[MetricId::ppl_change].estimate = {-0.02, -0.03, -0.01};
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"ppl_below_baseline"});
}

TEST(Document, a_kld_under_twice_the_noise_floor_is_noted_where_the_top_tokens_are_the_same) {
  MeasureReport report = plain_report();
  report.results[0].noise_floor.candidate.estimate = numeric::Estimate{0.003, 0.0028, 0.0032};
  auto& metrics = report.results[0].measurement.metrics;
  metrics[MetricId::kld_mean].estimate = {0.005, 0.004, 0.006};
  metrics[MetricId::same_top].estimate = {0.995, 0.99, 1};
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"below_resolution"});
  metrics[MetricId::same_top].estimate = {0.955, 0.95, 0.96};
  EXPECT_EQ(note_ids(report), std::vector<std::string>{});
}

TEST(Document, positions_that_the_candidate_lost_are_told_apart_from_the_originals) {
  MeasureReport report = plain_report();
  report.results[0].measurement.not_finite = 12;
  report.results[0].measurement.lost = 12;
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"positions_lost"});
  report.results[0].measurement.lost = 0;
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"not_finite"});
  EXPECT_EQ(to_json(report)["results"][0]["positions_lost"], 0);
}

TEST(Document, the_end_of_the_text_without_an_answer_is_told_where_no_condition_was_given) {
  MeasureReport report = plain_report();
  report.results[0].measurement.stopped = std::nullopt;
  report.results[0].measurement.metrics[MetricId::ppl_change].estimate = {0.01, 0.005, 0.015};
  EXPECT_EQ(note_ids(report), std::vector<std::string>{});
  report.gates.clear();
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"undecided"});
}

TEST(Document, a_text_that_was_read_whole_has_windows_that_are_neighbours) {
  MeasureReport report = plain_report();
  auto& m = report.results[0].measurement;
  m.windows_total = static_cast<std::int64_t>(m.windows.size());
  EXPECT_EQ(note_ids(report), std::vector<std::string>{"neighbours"});
}

TEST(Document, a_value_without_an_interval_keeps_the_range_of_its_windows) {
  const Json json = metrics_of(
      {{MetricId::kld_mean,
        {std::nullopt, "nat/token", "few windows", numeric::Estimate{0.25, 0.125, 0.5}}}});
  EXPECT_EQ(json["kld_mean"].dump(),
            R"({"value":0.25,"interval":"absent","unit":"nat/token","reason":"few windows",)"
            R"("windows":{"low":0.125,"high":0.5}})");
}

TEST(Document, the_exit_code_of_an_error_is_the_programs) {
  EXPECT_EQ(to_json(error_sample())["error"]["exit_code"], 2);
}

}  // namespace
}  // namespace qualm::report::testing
