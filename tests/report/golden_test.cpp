#include <gtest/gtest.h>

#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/document.h"
#include "report/golden.h"
#include "report/render.h"
#include "report/sample_reports.h"

namespace qualm::report::testing {
namespace {

/// Numbers to 9 digits: the last ones are those of one machine's exp and log.
Json rounded(Json value) {
  if (value.is_number_float()) {
    std::ostringstream digits;
    digits << std::setprecision(9) << value.get<double>();
    return std::stod(digits.str());
  }
  if (value.is_structured())
    for (auto& part : value) part = rounded(std::move(part));
  return value;
}

void expect_golden(const Json& document, const std::string& name) {
  EXPECT_TRUE(equals_golden(json(rounded(document)), name + ".json"));
  EXPECT_TRUE(equals_golden(text(document, {}), name + ".txt"));
  EXPECT_TRUE(equals_golden(markdown(document), name + ".md"));
}

TEST(Golden, a_measurement_of_two_candidates) {
  expect_golden(to_json(measure_sample()), "measure");
}

TEST(Golden, a_measurement_of_combinations_of_cache_types) {
  expect_golden(to_json(measure_cache_grid()), "measure_kv");
}

TEST(Golden, a_measurement_of_one_window_has_no_intervals) {
  expect_golden(to_json(measure_without_intervals()), "measure_absent");
}

TEST(Golden, a_type_too_aggressive_and_a_cache_that_contributes) {
  expect_golden(to_json(diagnose_sample()), "diagnose");
}

TEST(Golden, a_healthy_candidate) {
  expect_golden(to_json(diagnose_healthy()), "diagnose_healthy");
}

TEST(Golden, a_candidate_compared_with_a_reference_pack) {
  expect_golden(to_json(diagnose_by_pack()), "diagnose_by_pack");
  expect_golden(to_json(diagnose_served()), "diagnose_served");
}

TEST(Golden, a_candidate_whose_original_is_estimated) {
  expect_golden(to_json(diagnose_estimated()), "diagnose_estimated");
}

TEST(Golden, a_plan) { expect_golden(to_json(plan_sample()), "plan"); }
TEST(Golden, a_reference_pack) { expect_golden(to_json(pack_sample()), "reference"); }

TEST(Golden, a_diagnosis_whose_budget_was_over_after_one_window) {
  expect_golden(to_json(diagnose_out_of_time()), "diagnose_out_of_time");
}

TEST(Golden, a_symptom_that_the_original_shows_as_often) {
  expect_golden(to_json(diagnose_symptom()), "diagnose_symptom");
}

TEST(Golden, a_cache_quantized_too_hard) {
  expect_golden(to_json(diagnose_cache()), "diagnose_cache");
}

TEST(Golden, a_class_of_tensors_with_fewer_bits_than_the_rest) {
  expect_golden(to_json(diagnose_class()), "diagnose_class");
}

TEST(Golden, a_fault_of_the_files) { expect_golden(to_json(diagnose_files()), "diagnose_files"); }

TEST(Golden, a_diagnosis_of_a_file_that_was_not_run) {
  expect_golden(to_json(diagnose_file_only()), "diagnose_file_only");
}

TEST(Golden, an_inspection) { expect_golden(to_json(inspect_sample()), "inspect"); }

TEST(Golden, hostile_names_are_escaped) {
  expect_golden(to_json(inspect_hostile()), "inspect_hostile");
}

TEST(Golden, a_comparison_of_weights) { expect_golden(to_json(compare_sample()), "compare"); }

TEST(Golden, a_comparison_of_equal_weights) {
  expect_golden(to_json(compare_equal()), "compare_equal");
}

TEST(Golden, a_demo) { expect_golden(to_json(demo_sample()), "demo"); }

TEST(Golden, a_clinic) { expect_golden(to_json(clinic_sample()), "clinic"); }

TEST(Golden, models_of_other_programs) { expect_golden(to_json(models_sample()), "models"); }

TEST(Golden, models_that_were_given_by_name_are_told_first) {
  Json document = to_json(inspect_sample());
  add_names(named_sample(), document);
  expect_golden(document, "inspect_named");
}

TEST(Golden, a_command_that_failed) { expect_golden(to_json(error_sample()), "error"); }

TEST(Golden, verbose_shows_the_evidence) {
  EXPECT_TRUE(
      equals_golden(text(to_json(measure_sample()), {.verbose = true}), "measure_verbose.txt"));
  EXPECT_TRUE(equals_golden(text(to_json(measure_cache_grid()), {.verbose = true}),
                            "measure_kv_verbose.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.verbose = true}), "diagnose_verbose.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(compare_sample()), {.verbose = true}), "compare_verbose.txt"));
}

TEST(Golden, a_narrow_terminal_gets_lists_and_broken_lines) {
  EXPECT_TRUE(equals_golden(text(to_json(measure_sample()), {.width = 60}), "measure_narrow.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(measure_cache_grid()), {.width = 60}), "measure_kv_narrow.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.width = 60}), "diagnose_narrow.txt"));
}

TEST(Golden, colours_only_where_asked) {
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.colour = true}), "diagnose_colour.txt"));
}

}  // namespace
}  // namespace qualm::report::testing
