// The loop that finds out what a diagnosis wants to know.
#include "commands/examine.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "support/notes.h"
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
  Facts facts = world.facts_and_texts();
  const auto found = examine(facts, &world.experiment, unexpected_texts, silent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "ENGINE-003");
}

TEST(Examine, a_base_model_that_does_not_run_is_told_and_ends_nothing) {
  World world;
  world.given.base_model = &world.candidate;
  world.experiment.base_broken = broken(Kind::engine, "ENGINE-001");
  Facts facts = world.facts_and_texts();
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
  Facts facts = world.facts_and_texts();
  const auto found = examine(facts, &world.experiment, unexpected_texts, silent);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "APP-001");
}

TEST(Examine, texts_are_written_once_for_the_facts_so_far) {
  World world;
  world.lossy_weights();
  Facts facts = world.facts_and_texts();
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

/// What is found within a budget, where a window of the original takes 4 s and others 1 s.
struct InTime {
  explicit InTime(double seconds) {
    world.experiment.set_candidate({0.08, 0.08});
    world.experiment.original_seconds = 4;
    world.experiment.candidate_seconds = 1;
    facts = world.facts_and_texts();
    budget.seconds = seconds;
  }
  /// For want of an original.
  void estimate() {
    world.given.surrogate = std::exchange(world.given.baseline, nullptr);
    facts = world.facts_and_texts();
  }
  diagnose::Diagnosis examine() {
    const auto write = [](const Facts&) { return std::vector<probe::Symptom>{}; };
    auto found = commands::examine(facts, &world.experiment, write, notes, budget);
    EXPECT_TRUE(found);
    return found ? *std::move(found) : diagnose::Diagnosis{};
  }
  World world;
  Facts facts;
  Budget budget;
  test::Notes notes;
};

TEST(Budget, of_an_hour_leaves_nothing_out) {
  InTime run(3600);
  EXPECT_EQ(run.examine().remedies.front().windows, 8);
  EXPECT_TRUE(run.facts.left_out.empty());
}

// The proof takes 8 windows of the original and 16 of others: 48 s.
TEST(Budget, leaves_out_what_does_not_fit_by_the_time_that_windows_took) {
  InTime run(40);
  const auto found = run.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  ASSERT_EQ(run.facts.left_out.size(), 1U);
  EXPECT_EQ(run.facts.left_out[0].stage, diagnose::Stage::fixes);
  EXPECT_EQ(found.remedies.front().windows, 0);
}

TEST(Budget, that_is_over_ends_the_first_reading_and_nothing_is_told_apart) {
  InTime run(1);
  run.budget.start -= std::chrono::seconds(2);
  const auto found = run.examine();
  EXPECT_EQ(run.facts.selected()->count(), 1) << "a window is never cut";
  EXPECT_EQ(found.conclusion.verdict, diagnose::Verdict::cannot_tell);
  EXPECT_GE(run.facts.left_out.size(), 2U);
  EXPECT_EQ(run.facts.left_out[0].what, "candidate, f16/f16 cache: the windows after the first 1");
}

TEST(Budget, of_an_estimate_leaves_out_the_types_that_do_not_fit) {
  for (const double seconds : {1, 7, 100}) {  // 8 windows of a type: 8 s
    InTime run(seconds);
    run.estimate();
    const auto found = run.examine();
    ASSERT_TRUE(found.ladder) << seconds;
    EXPECT_EQ(found.ladder->rungs.size(), seconds == 100 ? 5U : 1U) << seconds;
    EXPECT_EQ(run.facts.left_out.empty(), seconds == 100) << seconds;
  }
}

/// The only one that is told.
std::string plan_told(InTime& run) {
  static_cast<void>(run.examine());
  EXPECT_EQ(run.notes.plans.size(), 1U);
  return run.notes.plans.empty() ? "" : run.notes.plans.front();
}

TEST(Plan, is_told_once_after_the_first_window_of_each_model) {
  InTime run(0);
  EXPECT_EQ(plan_told(run),
            "plan, about 2 min; more where the usual number of windows does not decide\n"
            "  step 2, loss: original 16 windows (64 s), candidate 16 (16 s)\n"
            "  step 3, limits: Q4_K_M 8 windows (8.0 s)\n"
            "  step 4, causes: noise floor of the original 4 windows (16 s), of the candidate 8 "
            "(8.0 s)\n"
            "  step 6, fix, if a loss is found: Q4_K_M 8 windows (8.0 s)");
}

TEST(Plan, of_an_estimate_has_each_type_once) {
  InTime run(0);
  run.estimate();
  EXPECT_EQ(plan_told(run),
            "plan, about 72 s; more where the usual number of windows does not decide\n"
            "  step 2, loss: estimated original 8 windows (32 s), candidate 8 (8.0 s)\n"
            "  step 3, limits: Q4_K_M 8 windows (8.0 s)\n"
            "  step 6, fix, if a loss is found: Q5_K_M 8 windows (8.0 s), Q6_K 8 (8.0 s), Q8_0 8 "
            "(8.0 s)");
}

TEST(Answers, are_told_when_one_of_them_changes_and_are_open_before) {
  InTime run(0);
  const auto found = run.examine();
  ASSERT_GE(run.notes.told.size(), 2U);
  for (std::size_t i = 1; i < run.notes.told.size(); ++i)
    EXPECT_NE(run.notes.told[i], run.notes.told[i - 1]);
  const auto tier = [](const std::vector<Answer>& all) {
    return *std::ranges::find(all, "tier", &Answer::id);
  };
  EXPECT_EQ(tier(run.notes.told.front()).status, "");
  EXPECT_EQ(tier(run.notes.told.back()).status, "cause");
  EXPECT_FALSE(tier(run.notes.told.back()).likely);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
}

TEST(Answers, of_an_estimate_are_likely) {
  InTime run(0);
  run.world.experiment.truth_over_estimate = numeric::Estimate{0.95, 0.7, 1.3};
  run.estimate();
  static_cast<void>(run.examine());
  ASSERT_FALSE(run.notes.told.empty());
  for (const Answer& one : run.notes.told.back())
    EXPECT_EQ(one.likely, one.id != "not_quant" && !one.status.empty());
}

TEST(SoFar, is_told_from_8_windows_on_and_again_when_the_limit_is_known) {
  InTime run(0);
  static_cast<void>(run.examine());
  ASSERT_GE(run.notes.so_far.size(), 2U);
  EXPECT_TRUE(run.notes.so_far.front().ends_with("(after 8 windows)")) << run.notes.so_far.front();
  EXPECT_EQ(run.notes.so_far.front().find("limit"), std::string::npos) << "0.08 is under 0.1";
  EXPECT_NE(run.notes.so_far.back().find("over the limit (after 20 windows; Q4_K_M has 0.005"),
            std::string::npos)
      << run.notes.so_far.back();
}

TEST(SoFar, of_a_file_that_sets_the_limit_itself_is_told_before_another_type_is_read) {
  World world;
  world.given.baseline = nullptr;
  world.given.surrogate = &world.baseline;
  world.candidate.metadata.set("general.file_type", std::int64_t{15});
  world.experiment.set_candidate({0.07, 0.07});
  struct Told final : test::Notes {
    explicit Told(const test::FakeExperiment& experiment) : experiment_(experiment) {}
    void news(News kind, std::string_view text) override {
      if (text.contains("within the limit (after 8 windows; Q4_K_M has 0.0699"))
        readings = experiment_.asked.size();
      Notes::news(kind, text);
    }
    const test::FakeExperiment& experiment_;
    std::size_t readings = 0;
  } notes(world.experiment);
  Facts facts = world.facts_and_texts();
  ASSERT_TRUE(commands::examine(facts, &world.experiment, {}, notes, {}));
  EXPECT_EQ(notes.readings, 1U);
}

TEST(Examine, an_error_while_texts_are_written_ends_it) {
  World world;
  world.lossy_weights();
  Facts facts = world.facts_and_texts();
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
