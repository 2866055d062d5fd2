// The loop that finds out what a diagnosis wants to know.
#include "commands/examine.h"

#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::commands {
namespace {

Progress silent;

using diagnose::CheckId;
using diagnose::Facts;
using test::World;

Error broken(Kind kind, const char* code) { return {kind, code, "", "", "", "broken", ""}; }

/// Texts that are not to be written.
Result<std::vector<probe::Symptom>> unexpected_texts(const Facts&) {
  ADD_FAILURE() << "texts were written";
  return std::vector<probe::Symptom>{};
}

TEST(Examine, runs_nothing_where_there_is_no_experiment) {
  World world;
  Facts facts = world.facts();
  const auto found = examine(facts, nullptr, unexpected_texts, silent);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->conclusion.verdict, diagnose::Verdict::cannot_tell);
}

TEST(Examine, an_error_of_the_experiment_ends_it) {
  World world;
  world.experiment.broken = broken(Kind::engine, "ENGINE-003");
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  const auto found = examine(facts, &world.experiment, unexpected_texts, silent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "ENGINE-003");
}

TEST(Examine, a_base_model_that_does_not_run_is_told_and_ends_nothing) {
  World world;
  world.given.base_model = &world.candidate;
  world.experiment.base_broken = broken(Kind::engine, "ENGINE-001");
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  const auto found = examine(facts, &world.experiment, unexpected_texts, silent);
  ASSERT_TRUE(found);
  const auto* nearer = test::evidence(test::finding(*found, CheckId::provenance), "nearer_to");
  ASSERT_TRUE(nearer);
  EXPECT_NE(nearer->says.find("could not be run: broken"), std::string::npos) << nearer->says;
}

TEST(Examine, a_stop_on_request_ends_it_also_where_the_measurement_was_optional) {
  World world;
  world.given.base_model = &world.candidate;
  world.experiment.base_broken = broken(Kind::cancelled, "APP-001");
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  const auto found = examine(facts, &world.experiment, unexpected_texts, silent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "APP-001");
}

TEST(Examine, texts_are_written_once_for_the_facts_so_far) {
  World world;
  world.lossy_weights();
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  int written = 0;
  const auto found = examine(
      facts, &world.experiment,
      [&](const Facts& known) -> Result<std::vector<probe::Symptom>> {
        ++written;
        EXPECT_TRUE(known.selected()) << "they come last";
        return std::vector<probe::Symptom>(2);
      },
      silent);
  ASSERT_TRUE(found);
  EXPECT_EQ(written, 1);
  EXPECT_EQ(found->symptoms.size(), 2U);
}

TEST(Examine, an_error_while_texts_are_written_ends_it) {
  World world;
  world.lossy_weights();
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  const auto found = examine(
      facts, &world.experiment,
      [](const Facts&) -> Result<std::vector<probe::Symptom>> {
        return fail(broken(Kind::cancelled, "PROBE-001"));
      },
      silent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "PROBE-001");
}

}  // namespace
}  // namespace qualm::commands
