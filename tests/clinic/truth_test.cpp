// What is true of a case, from measurements whose figures are known.
#include "clinic/truth.h"

#include <gtest/gtest.h>

#include "support/class_experiment.h"
#include "support/fake_experiment.h"

namespace qualm::clinic {
namespace {

using evaluate::Measurement;
using test::ClassExperiment;
using test::FakeExperiment;
using test::ids_of;
using test::measured_loss;
using test::mixed_loss;

TEST(Matters, a_kld_does_from_the_line_on) {
  EXPECT_EQ(matters(measured_loss(0.0061), 0.006), Matters::yes);
  EXPECT_EQ(matters(measured_loss(0.0058), 0.006), Matters::no);
  EXPECT_EQ(matters(mixed_loss(0.002, 0.01), 0.006), Matters::unclear);
}

TEST(Matters, a_perplexity_alone_does_not) {
  EXPECT_EQ(matters(measured_loss(0.001, 0.02), 0.006), Matters::no);
  EXPECT_EQ(matters(measured_loss(0.02, -0.02), 0.006), Matters::yes);
}

TEST(Matters, too_few_windows_leave_it_unclear) {
  Measurement one = measured_loss(0.05);
  one.windows.resize(1);
  evaluate::summarize(one);
  EXPECT_EQ(matters(one, 0.006), Matters::unclear);
  EXPECT_EQ(matters({}, 0.006), Matters::unclear);
}

TEST(Over, half_as_much_again_as_plain_rounding_is_too_much_unless_it_is_a_trifle) {
  EXPECT_EQ(over(measured_loss(0.005), measured_loss(0.003)), Matters::yes);
  EXPECT_EQ(over(measured_loss(0.004), measured_loss(0.003)), Matters::no);
  EXPECT_EQ(over(measured_loss(0.002), measured_loss(0.0001)), Matters::no);
  EXPECT_EQ(over(mixed_loss(0.002, 0.01), measured_loss(0.004)), Matters::unclear);
}

/// Q4_K_M and Q5_K_M as they usually are; 100 windows, of which 50 are left for calibration.
struct Bench {
  Bench() {
    experiment.set_type("Q4_K_M", {0.005, 0.004});
    experiment.set_type("Q5_K_M", {0.002, 0.002});
    experiment.set_candidate({0.06, 0.06});
  }
  Truth measure(AsRun run) {
    run.accepted = 0.006;
    auto truth = measure_truth(experiment, run);
    EXPECT_TRUE(truth);
    return truth.value_or(Truth{});
  }
  FakeExperiment experiment;
};

TEST(Truth, is_measured_on_windows_that_nothing_else_read) {
  Bench bench;
  const Truth truth = bench.measure({.first_unread = 20});
  EXPECT_EQ(truth.windows, kTruthWindows);
  EXPECT_EQ(truth.loss, Matters::yes);
  ASSERT_FALSE(bench.experiment.asked.empty());
  for (const FakeExperiment::Asked& asked : bench.experiment.asked) {
    EXPECT_EQ(asked.windows.begin, 20);
    EXPECT_EQ(asked.windows.end, 20 + kTruthWindows);
    EXPECT_EQ(asked.windows.text, 0U);
    EXPECT_FALSE(asked.may_stop());
  }
}

TEST(Truth, leaves_the_windows_of_the_calibration_alone) {
  Bench bench;
  EXPECT_EQ(bench.measure({.first_unread = 36}).windows, 14);
  EXPECT_EQ(bench.experiment.asked.back().windows.end, 50);
  EXPECT_EQ(bench.measure({.first_unread = 48}).windows, 2);
}

TEST(Truth, is_unclear_where_the_text_has_no_windows_left) {
  for (const std::int32_t first : {49, 50, 84}) {
    Bench bench;
    const Truth truth = bench.measure({.first_unread = first});
    EXPECT_EQ(truth.windows, 0) << first;
    EXPECT_EQ(truth.loss, Matters::unclear) << first;
    EXPECT_TRUE(bench.experiment.asked.empty()) << first;
  }
}

TEST(Truth, of_the_loss_is_that_of_the_candidate_as_it_is_run) {
  Bench bench;
  bench.experiment.set_candidate({0.001, 0.001});
  EXPECT_EQ(bench.measure({}).loss, Matters::no);
  bench.experiment.caches = {{"q4_0/q4_0", {0.02, 0.02}}};
  const Truth truth = bench.measure({.type_k = "q4_0", .type_v = "q4_0"});
  EXPECT_EQ(truth.loss, Matters::yes);
  EXPECT_EQ(truth.cache, Matters::yes);
}

TEST(Truth, a_small_loss_is_held_against_that_of_its_types_where_this_is_asked) {
  Bench bench;
  bench.experiment.set_candidate({0.005, 0.005});
  bench.experiment.set(experiment::round_to_nearest(), {0.002, 0.002});
  EXPECT_FALSE(bench.measure({}).over_rounding);
  const Truth truth = bench.measure({.against_rounding = true});
  EXPECT_EQ(truth.loss, Matters::no);
  EXPECT_EQ(truth.over_rounding, Matters::yes);
}

TEST(Truth, of_a_cache_is_what_it_costs_beside_the_same_weights) {
  Bench bench;
  bench.experiment.caches = {{"q8_0/q8_0", {0.0001, 0.0001}}};
  const Truth truth = bench.measure({.type_k = "q8_0", .type_v = "q8_0"});
  EXPECT_EQ(truth.loss, Matters::yes) << "of the weights";
  EXPECT_EQ(truth.cache, Matters::no);
  EXPECT_EQ(bench.experiment.asked[1].reference.weights.kind, experiment::Weights::Kind::candidate);
}

TEST(Truth, has_no_cache_where_none_is_quantized) {
  Bench bench;
  for (const char* type : {"f16", "bf16", "f32"}) {
    const Truth truth = bench.measure({.type_k = type, .type_v = type});
    EXPECT_FALSE(truth.cache) << type;
    EXPECT_FALSE(truth.shares) << "one factor has nothing to share with";
  }
  EXPECT_TRUE(bench.measure({.type_k = "f16", .type_v = "q8_0"}).cache);
}

TEST(Truth, shares_are_those_of_the_full_factorial) {
  Bench bench;
  bench.experiment.caches = {{"q4_0/q4_0", {0.02, 0.01}}};
  const Truth truth = bench.measure({.type_k = "q4_0", .type_v = "q4_0"});
  ASSERT_TRUE(truth.shares && truth.shares->cache);
  EXPECT_NEAR(truth.shares->weights.value, 0.06 / 0.08, 0.01);
  EXPECT_NEAR(truth.shares->weights.value + truth.shares->cache->value, 1, 1e-9);
  EXPECT_FALSE(truth.shares->tensors);
  const auto& all = bench.experiment.asked.back();
  EXPECT_EQ(ids_of(all.variants), ids_of({{{}, "f16", "f16"},
                                          {experiment::baseline_weights(), "q4_0", "q4_0"},
                                          {{}, "q4_0", "q4_0"}}));
}

TEST(Truth, a_class_of_tensors_is_a_factor_where_it_is_asked_for) {
  const model::Checkpoint candidate = test::tied_model(2.6, 3.4);
  ClassExperiment experiment(candidate, {{"cache", 0.02}, {"token_embd", 0.06}, {"blk", 0.003}},
                             0.004);
  const auto truth = measure_truth(
      experiment, {.type_k = "q4_0", .type_v = "q4_0", .tensors = {"token_embd.weight"}});
  ASSERT_TRUE(truth && truth->shares && truth->shares->tensors && truth->shares->cache);
  EXPECT_NEAR(truth->shares->tensors->value, 0.06 / 0.101, 1e-6);
  EXPECT_NEAR(truth->shares->cache->value, 0.02 / 0.101, 1e-6);
  EXPECT_NEAR(truth->shares->weights.value, 0.021 / 0.101, 1e-6);
}

TEST(Truth, an_engine_that_fails_is_an_error) {
  Bench bench;
  bench.experiment.broken = Error{Kind::engine, "ENGINE-003", "", "", "", "broken", ""};
  const auto truth = measure_truth(bench.experiment, {});
  ASSERT_FALSE(truth);
  EXPECT_EQ(truth.error().code, "ENGINE-003");
}

}  // namespace
}  // namespace qualm::clinic
