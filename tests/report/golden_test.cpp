#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/document.h"
#include "report/golden.h"
#include "report/render.h"
#include "report/sample_reports.h"

namespace qualm::report::testing {
namespace {

void expect_golden(const Json& document, const std::string& name) {
  EXPECT_TRUE(equals_golden(json(document), name + ".json"));
  EXPECT_TRUE(equals_golden(text(document, {}), name + ".txt"));
  EXPECT_TRUE(equals_golden(markdown(document), name + ".md"));
}

TEST(Golden, a_measurement_of_two_candidates) {
  expect_golden(to_json(measure_sample()), "measure");
}

TEST(Golden, a_measurement_of_one_window_has_no_intervals) {
  expect_golden(to_json(measure_without_intervals()), "measure_absent");
}

TEST(Golden, a_diagnosis_with_a_remedy) { expect_golden(to_json(diagnose_sample()), "diagnose"); }

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

TEST(Golden, a_clinic) { expect_golden(to_json(clinic_sample()), "clinic"); }

TEST(Golden, a_command_that_failed) { expect_golden(to_json(error_sample()), "error"); }

TEST(Golden, verbose_shows_the_evidence) {
  EXPECT_TRUE(
      equals_golden(text(to_json(measure_sample()), {.verbose = true}), "measure_verbose.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.verbose = true}), "diagnose_verbose.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(compare_sample()), {.verbose = true}), "compare_verbose.txt"));
}

TEST(Golden, a_narrow_terminal_gets_lists_and_broken_lines) {
  EXPECT_TRUE(equals_golden(text(to_json(measure_sample()), {.width = 60}), "measure_narrow.txt"));
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.width = 60}), "diagnose_narrow.txt"));
}

TEST(Golden, colours_only_where_asked) {
  EXPECT_TRUE(
      equals_golden(text(to_json(diagnose_sample()), {.colour = true}), "diagnose_colour.txt"));
}

}  // namespace
}  // namespace qualm::report::testing
