// Check 5: what the weights alone say, and what running them adds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "diagnose/checks.h"
#include "support/checkpoints.h"
#include "support/gridded.h"
#include "support/known.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::evidence;
using test::FakeExperiment;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Two matrices and a norm, `factor` away from the base in a direction that `seed` chooses.
model::Checkpoint model_at(double factor, std::uint32_t seed) {
  model::Checkpoint made;
  std::uint32_t tensor = 0;
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.ffn_up.weight"}) {
    ++tensor;
    made.tensors.push_back(
        test::float_tensor(name, {64, 128},
                           test::plus(test::noise(64 * 128, 0.05, tensor), factor,
                                      test::noise(64 * 128, 0.05, seed + tensor))));
  }
  made.tensors.push_back(
      test::float_tensor("blk.0.attn_norm.weight", {64},
                         test::plus(std::vector<float>(64, 1), factor, test::noise(64, 1, seed))));
  return made;
}

Facts facts_of(const model::Checkpoint& candidate, const model::Checkpoint* baseline,
               const model::Checkpoint* base) {
  Facts facts;
  facts.given = {.candidate = &candidate, .baseline = baseline, .base_model = base};
  test::read_files(facts);
  return facts;
}

/// From files alone: nothing is run.
Finding of_files(const model::Checkpoint& candidate, const model::Checkpoint* baseline,
                 const model::Checkpoint* base) {
  const auto result = check_provenance(facts_of(candidate, baseline, base));
  EXPECT_TRUE(result);
  return result.value_or(Finding{});
}

/// Where all of them run: kld of the candidate against the tuned and against the base.
Result<Diagnosis> run(double to_tuned, double to_base, std::optional<Error> base_broken = {}) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Facts facts = facts_of(tuned, &tuned, &base);
  FakeExperiment experiment;
  experiment.set_candidate({to_tuned, to_tuned});
  experiment.against_base_model = {to_base, to_base};
  experiment.base_broken = std::move(base_broken);
  return test::examined(facts, &experiment);
}

Finding origin_of(const Result<Diagnosis>& diagnosis) {
  return test::finding(diagnosis.value(), CheckId::provenance);
}

TEST(Provenance, where_both_models_run_the_nearer_one_is_told) {
  const auto tuned = origin_of(run(0.01, 0.2));
  ASSERT_TRUE(evidence(tuned, "nearer_to"));
  EXPECT_NEAR(evidence(tuned, "nearer_to")->value->value, 0.19, 0.01);
  EXPECT_THAT(evidence(tuned, "nearer_to")->says,
              StartsWith("Its answers are closer to the original's"));
  EXPECT_TRUE(evidence(tuned, "kld_to_baseline") && evidence(tuned, "kld_to_base_model"));
  const auto base = origin_of(run(0.2, 0.01));
  EXPECT_LT(evidence(base, "nearer_to")->value->high, 0);
  EXPECT_THAT(evidence(base, "nearer_to")->says,
              StartsWith("Its answers are closer to the base model's"));
  const auto neither = origin_of(run(0.1, 0.1));
  EXPECT_THAT(evidence(neither, "nearer_to")->says,
              StartsWith("Its answers are not closer to one than to the other"));
}

TEST(Provenance, a_base_model_that_does_not_run_leaves_what_the_weights_say) {
  const auto found =
      origin_of(run(0.01, 0.2, Error{Kind::engine, "ENGINE-001", "", "", "", "no memory", ""}));
  EXPECT_EQ(found.status, Status::cleared);
  EXPECT_THAT(evidence(found, "nearer_to")->says, HasSubstr("could not be run: no memory"));
  const auto stopped = run(0.01, 0.2, Error{Kind::cancelled, "APP-001", "", "", "", "", ""});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, "APP-001");
}

TEST(Provenance, without_an_original_it_is_not_examined_and_says_what_is_needed) {
  const auto result = of_files(model_at(0, 0), nullptr, nullptr);
  EXPECT_EQ(result.status, Status::not_examined);
  ASSERT_EQ(result.needs.size(), 1U);
  EXPECT_THAT(result.needs[0], HasSubstr("--baseline"));
}

TEST(Provenance, the_originals_own_weights_clear_it) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  const auto result = of_files(tuned, &tuned, &base);
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_THAT(result.headline, HasSubstr(": alpha 1"));
  ASSERT_TRUE(evidence(result, "alpha"));
  EXPECT_NEAR(evidence(result, "alpha")->value->value, 1, 1e-5);
}

TEST(Provenance, weights_of_the_base_of_a_merge_and_of_neither_are_the_cause) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  EXPECT_EQ(of_files(base, &tuned, &base).status, Status::cause);
  EXPECT_EQ(of_files(model_at(0.05, 50), &tuned, &base).status, Status::cause);
  const auto neither = of_files(model_at(100, 900), &tuned, &base);
  EXPECT_EQ(neither.status, Status::cause);
  EXPECT_THAT(neither.headline, StartsWith("a quant of neither"));
}

TEST(Provenance, without_a_base_model_identical_norms_clear_it_and_alpha_is_not_examined) {
  const auto tuned = model_at(0.1, 50);
  const auto result = of_files(tuned, &tuned, nullptr);
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_EQ(result.headline,
            "unquantized tensors equal the original's; not compared with a base model");
  EXPECT_FALSE(evidence(result, "alpha"));
}

TEST(Provenance, without_a_base_model_other_norms_leave_it_open) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  const auto result = of_files(base, &tuned, nullptr);
  EXPECT_EQ(result.status, Status::cannot_tell);
  ASSERT_EQ(result.needs.size(), 1U);
  EXPECT_THAT(result.needs[0], HasSubstr("--base-model"));
}

TEST(Provenance, the_type_is_not_judged_where_nothing_can_be_run) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Facts facts = facts_of(base, &tuned, &base);
  const auto found = test::examined(facts, nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->conclusion.principal, CheckId::provenance);
  EXPECT_EQ(test::finding(*found, CheckId::tier).status, Status::not_examined);
}

/// Other norms and no base model to hold them against: a doubt, of weights that lose `kld`.
Finding doubted(double kld, bool damaged = false) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Facts facts = facts_of(base, &tuned, nullptr);
  if (damaged) facts.files.integrity.found.push_back({.tensor = "blk.0.ffn_up.weight"});
  FakeExperiment experiment;
  experiment.set_candidate({.kld = kld});
  experiment.set_type("Q4_K_M", {.kld = 0.02});
  return test::known(facts, experiment, check_provenance);
}

TEST(Provenance, other_norms_are_the_cause_where_the_weights_lose_too_much) {
  const auto result = doubted(0.2);
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_THAT(result.headline, StartsWith("perhaps a quant of a quant"));
}

TEST(Provenance, other_norms_that_cost_nothing_leave_it_open) {
  EXPECT_EQ(doubted(0.001).status, Status::cannot_tell);
}

TEST(Provenance, weights_that_were_damaged_are_not_called_another_models) {
  EXPECT_EQ(doubted(0.2, true).status, Status::cannot_tell);
}

/// A Q4_0 of the base, given as one of a fine-tune with the same norms.
Finding of_missing_lora(bool damaged) {
  const auto base = model_at(0, 0);
  const auto tuned = test::made_from(base, [](const model::Tensor& tensor) {
    const auto values = test::values_of(tensor);
    if (tensor.row_count() == 1) return values;
    return test::plus(values, 0.15, test::noise(values.size(), 0.05, 400));
  });
  const auto candidate = test::gridded(base, "Q4_0");
  Facts facts = facts_of(candidate, &tuned, nullptr);
  if (damaged) facts.files.integrity.found.push_back({.tensor = "blk.0.attn_q.weight"});
  return *check_provenance(facts);
}

TEST(Provenance, matrices_that_are_no_rounding_of_the_original_are_the_cause) {
  const auto result = of_missing_lora(false);
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_THAT(result.headline, HasSubstr("differ from the original's ("));
  EXPECT_THAT(result.headline, HasSubstr("unquantized tensors equal the original's"));
}

TEST(Provenance, matrices_of_a_damaged_file_are_nobodys) {
  const auto result = of_missing_lora(true);
  EXPECT_EQ(result.status, Status::cannot_tell);
  EXPECT_THAT(result.headline, HasSubstr("damaged (check 0)"));
}

TEST(Provenance, a_name_that_tells_of_another_quantizer_is_evidence) {
  auto candidate = model_at(0, 0);
  candidate.format = "GGUF v3";
  candidate.metadata.set("general.name", std::string("Some 0.5B Instruct AWQ"));
  EXPECT_TRUE(evidence(of_files(candidate, nullptr, nullptr), "named_quantizer"));
  candidate.metadata.set("general.name", std::string("Some 0.5B Instruct"));
  EXPECT_FALSE(evidence(of_files(candidate, nullptr, nullptr), "named_quantizer"));
}

}  // namespace
}  // namespace qualm::diagnose
