// The three questions about a loss: how large, more than its type should cost, more than
// acceptable.
#include "diagnose/loss.h"

#include <gtest/gtest.h>

#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "support/class_experiment.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;
using test::measured_loss;
using test::mixed_loss;

Accept accept(MetricId metric, double most) { return {.metric = metric, .most = most}; }

TEST(Harm, of_weights_is_held_against_one_and_a_half_times_the_floor_type) {
  EXPECT_EQ(harm({}, measured_loss(0.046), measured_loss(0.03)), Side::above);
  EXPECT_EQ(harm({}, measured_loss(0.044), measured_loss(0.03)), Side::below);
  EXPECT_EQ(harm({}, mixed_loss(0.02, 0.07), measured_loss(0.03)), Side::not_separated);
}

TEST(Original, an_unusual_perplexity_of_its_own_is_told) {
  const auto of = [](double value) {
    return original_in_words({numeric::Estimate{value, value - 5, value + 5}, "1", ""});
  };
  EXPECT_EQ(of(12), "Perplexity of the original on this text: 12 [7, 17].");
  EXPECT_NE(of(230).find("That is unusually high"), std::string::npos);
  EXPECT_EQ(of(102).find("That is unusually high"), std::string::npos) << "not certainly";
  EXPECT_EQ(original_in_words({std::nullopt, "1", "too few windows"}), "");
}

TEST(Harm, of_a_sturdy_model_is_none_below_the_least_line) {
  EXPECT_EQ(harm({}, measured_loss(0.015), measured_loss(0.002)), Side::below);
  EXPECT_EQ(harm({}, measured_loss(0.021), measured_loss(0.002)), Side::above);
}

TEST(Harm, is_not_excused_by_a_floor_type_that_is_ruined_itself) {
  EXPECT_EQ(harm({}, measured_loss(0.9), measured_loss(1.2)), Side::above);
  EXPECT_EQ(harm({}, measured_loss(0.09), measured_loss(1.2)), Side::below);
}

TEST(Harm, is_not_shown_by_perplexity_where_kld_is_within_limits) {
  EXPECT_EQ(harm({}, measured_loss(0.005, 0.021), measured_loss(0.015)), Side::below);
  EXPECT_EQ(harm({}, mixed_loss(0.02, 0.07), measured_loss(0.03)), Side::not_separated);
  const Measurement open = measured_loss(0.045, 0.03);  // the KLD lies on the line
  EXPECT_EQ(harm({}, open, measured_loss(0.03)), Side::above);
}

TEST(Harm, is_what_the_user_does_not_accept) {
  Given given;
  given.accept = accept(MetricId::kld_mean, 0.01);
  EXPECT_EQ(harm(given, measured_loss(0.012), measured_loss(0.03)), Side::above);
  EXPECT_EQ(harm(given, measured_loss(0.008), measured_loss(0.001)), Side::below);
  given.accept = accept(MetricId::ppl_change, 0.01);
  EXPECT_EQ(harm(given, measured_loss(0.9, 0.005), measured_loss(0.03)), Side::below);
}

TEST(Harm, is_unknown_from_fewer_than_8_windows) {
  Measurement few = measured_loss(0.9);
  few.windows.resize(7);
  evaluate::summarize(few);
  EXPECT_EQ(harm({}, few, few), Side::not_separated);
}

TEST(CacheHarm, is_the_step_to_q5_k_m_and_never_less_than_the_least_line) {
  const Measurement line = measured_loss(0.012);
  EXPECT_EQ(cache_harm({}, measured_loss(0.013), &line), Side::above);
  EXPECT_EQ(cache_harm({}, measured_loss(0.011), &line), Side::below);
  const Measurement sturdy = measured_loss(0.002);
  EXPECT_EQ(cache_harm({}, measured_loss(0.009), &sturdy), Side::below);
  EXPECT_EQ(cache_harm({}, measured_loss(0.011), &sturdy), Side::above);
}

TEST(CacheHarm, without_an_original_is_known_only_where_it_is_large_or_small) {
  EXPECT_EQ(cache_harm({}, measured_loss(0.4), nullptr), Side::above);
  EXPECT_EQ(cache_harm({}, measured_loss(0.03), nullptr), Side::not_separated);
  EXPECT_EQ(cache_harm({}, measured_loss(0.009), nullptr), Side::below);
}

TEST(CacheHarm, is_over_half_of_what_the_user_accepts) {
  Given given;
  given.accept = accept(MetricId::kld_mean, 0.006);
  EXPECT_EQ(cache_harm(given, measured_loss(0.0031), nullptr), Side::above);
  EXPECT_EQ(cache_harm(given, measured_loss(0.0029), nullptr), Side::below);
}

TEST(Excessive, is_one_and_a_half_times_what_its_types_should_cost) {
  EXPECT_EQ(excessive(measured_loss(0.016), measured_loss(0.01)), Side::above);
  EXPECT_EQ(excessive(measured_loss(0.014), measured_loss(0.01)), Side::below);
  EXPECT_EQ(excessive(measured_loss(0.0029), measured_loss(0.0005)), Side::below)
      << "next to nothing";
}

TEST(Grades, are_those_that_the_interval_reaches) {
  const auto words = [](const Measurement& of) {
    const auto grades = grades_of(of.metrics[MetricId::kld_mean]);
    return grades ? in_words(*grades) : "none";
  };
  EXPECT_EQ(words(measured_loss(0.0014)), "lossless");
  EXPECT_EQ(words(measured_loss(0.0055)), "very small");
  EXPECT_EQ(words(measured_loss(0.031)), "small");
  EXPECT_EQ(words(measured_loss(0.10)), "noticeable");
  EXPECT_EQ(words(measured_loss(0.45)), "large");
  EXPECT_EQ(words(measured_loss(0.9)), "broken");
  EXPECT_EQ(words(measured_loss(0.0600)), "small or noticeable");
  EXPECT_EQ(words({}), "none");
}

}  // namespace
}  // namespace qualm::diagnose
