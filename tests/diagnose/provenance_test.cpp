// Check 5 from files alone: no lab, so nothing is run and nothing prescribed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <utility>

#include "diagnose/check.h"
#include "support/checkpoints.h"
#include "support/fake_lab.h"

namespace qualm::diagnose {
namespace {

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

CheckResult examined(const model::Checkpoint& candidate, const model::Checkpoint* baseline,
                     const model::Checkpoint* base) {
  Patient patient;
  patient.candidate = &candidate;
  patient.baseline = baseline;
  patient.base_model = base;
  Case examined(patient, nullptr);
  auto result = examine_provenance(examined);
  EXPECT_TRUE(result) << describe(result.error());
  return result.value_or(CheckResult{});
}

const Evidence* evidence(const CheckResult& result, std::string_view name) {
  const auto it = std::ranges::find(result.evidence, name, &Evidence::name);
  return it == result.evidence.end() ? nullptr : &*it;
}

/// The same where all of them run: kld of the candidate against the tuned and against the base.
CheckResult run(double to_tuned, double to_base, std::optional<Error> broken = {}) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Patient patient;
  patient.candidate = patient.baseline = &tuned;
  patient.base_model = &base;
  test::FakeLab lab;
  lab.weights["candidate"] = {to_tuned, to_tuned};
  lab.against_base_model = {to_base, to_base};
  Case examined(patient, &lab);
  examined.explore({0, 20});
  EXPECT_TRUE(examined.measured(examined.tier_only()));
  lab.broken = std::move(broken);
  auto result = examine_provenance(examined);
  CheckResult failed;
  if (!result) failed.id = result.error().code;
  return result ? *std::move(result) : failed;
}

TEST(ProvenanceCheck, where_both_models_run_the_nearer_one_is_told) {
  const auto tuned = run(0.01, 0.2);
  ASSERT_TRUE(evidence(tuned, "nearer_to"));
  EXPECT_NEAR(evidence(tuned, "nearer_to")->value->value, 0.19, 0.01);
  EXPECT_THAT(evidence(tuned, "nearer_to")->says, StartsWith("It answers more like the baseline"));
  EXPECT_TRUE(evidence(tuned, "kld_to_baseline") && evidence(tuned, "kld_to_base_model"));
  const auto base = run(0.2, 0.01);
  EXPECT_LT(evidence(base, "nearer_to")->value->high, 0);
  EXPECT_THAT(evidence(base, "nearer_to")->says, StartsWith("It answers more like the base model"));
  EXPECT_THAT(evidence(run(0.1, 0.1), "nearer_to")->says, StartsWith("It answers like neither"));
}

TEST(ProvenanceCheck, a_base_model_that_does_not_run_leaves_what_the_weights_say) {
  const auto found = run(0.01, 0.2, Error{Kind::engine, "ENGINE-001", "", "", "", "no memory", ""});
  EXPECT_EQ(found.status, Status::cleared);
  EXPECT_THAT(evidence(found, "nearer_to")->says, HasSubstr("could not be run: no memory"));
  EXPECT_EQ(run(0.01, 0.2, Error{Kind::cancelled, "APP-001", "", "", "", "", ""}).id, "APP-001");
}

TEST(ProvenanceCheck, without_a_baseline_it_is_not_examined_and_says_what_is_needed) {
  const auto result = examined(model_at(0, 0), nullptr, nullptr);
  EXPECT_EQ(result.status, Status::not_examined);
  ASSERT_EQ(result.needs.size(), 1U);
  EXPECT_THAT(result.needs[0], HasSubstr("--baseline"));
}

TEST(ProvenanceCheck, the_baselines_own_weights_clear_it) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  const auto result = examined(tuned, &tuned, &base);
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_THAT(result.headline, StartsWith("a quant of the baseline: alpha 1"));
  ASSERT_TRUE(evidence(result, "alpha"));
  EXPECT_NEAR(evidence(result, "alpha")->value->value, 1, 1e-5);
}

TEST(ProvenanceCheck, weights_of_the_base_of_a_merge_and_of_a_stranger_are_the_cause) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  EXPECT_EQ(examined(base, &tuned, &base).status, Status::cause);
  EXPECT_EQ(examined(model_at(0.05, 50), &tuned, &base).status, Status::cause);
  const auto stranger = examined(model_at(100, 900), &tuned, &base);
  EXPECT_EQ(stranger.status, Status::cause);
  EXPECT_THAT(stranger.headline, StartsWith("a quant of neither"));
}

TEST(ProvenanceCheck, without_a_base_model_identical_norms_clear_it_and_alpha_is_not_examined) {
  const auto tuned = model_at(0.1, 50);
  const auto result = examined(tuned, &tuned, nullptr);
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_EQ(result.headline, "norms identical; alpha not examined (no --base-model)");
  EXPECT_FALSE(evidence(result, "alpha"));
}

TEST(ProvenanceCheck, without_a_base_model_other_norms_leave_it_open) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  const auto result = examined(base, &tuned, nullptr);
  EXPECT_EQ(result.status, Status::cannot_tell);
  ASSERT_EQ(result.needs.size(), 1U);
  EXPECT_THAT(result.needs[0], HasSubstr("--base-model"));
}

TEST(ProvenanceCheck, the_tier_is_left_alone_where_nothing_can_be_run) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Patient patient;
  patient.candidate = &base;
  patient.baseline = &tuned;
  Case nothing_runs(patient, nullptr);
  std::vector<CheckResult> checks(2);
  checks[0].id = "tier";
  checks[0].status = Status::cause;
  checks[1].id = "provenance";
  checks[1].status = Status::cause;
  EXPECT_TRUE(judge_tier_of_right_model(nothing_runs, checks));
  EXPECT_EQ(checks[0].status, Status::cause);
}

TEST(ProvenanceCheck, another_models_loss_is_blamed_on_no_class_and_no_calibration) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Patient patient;
  patient.candidate = &base;
  patient.baseline = &tuned;
  test::FakeLab lab;
  Case paired(patient, &lab);
  std::vector<CheckResult> checks(4);
  for (std::size_t i = 0; const char* id : {"tier", "architecture", "calibration", "provenance"})
    checks[i++].id = id;
  checks[0].status = Status::cleared;
  checks[1].status = checks[2].status = Status::contributes;
  checks[3].status = Status::cause;
  EXPECT_TRUE(judge_tier_of_right_model(paired, checks));
  EXPECT_EQ(checks[1].status, Status::cannot_tell);
  EXPECT_EQ(checks[2].status, Status::cannot_tell);
}

/// Other norms and no base model to hold them against: a doubt, of weights that lose `kld`.
CheckResult doubted(double kld, bool damaged = false) {
  const auto base = model_at(0, 0), tuned = model_at(0.1, 50);
  Patient patient;
  patient.candidate = &base;
  patient.baseline = &tuned;
  if (damaged) patient.damage.found.push_back({.tensor = "blk.0.ffn_up.weight", .says = ""});
  test::FakeLab lab;
  lab.weights["candidate"] = {.kld = kld};
  lab.weights["baseline as Q4_K_M"] = {.kld = 0.02};
  Case paired(patient, &lab);
  EXPECT_TRUE(paired.explore());
  auto result = examine_provenance(paired);
  EXPECT_TRUE(result) << describe(result.error());
  return result.value_or(CheckResult{});
}

TEST(ProvenanceCheck, other_norms_are_the_cause_where_the_weights_lose_too_much) {
  const auto result = doubted(0.2);
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_THAT(result.headline, StartsWith("no rounding of the baseline: a quant of a quant"));
}

TEST(ProvenanceCheck, other_norms_that_cost_nothing_leave_it_open) {
  EXPECT_EQ(doubted(0.001).status, Status::cannot_tell);
}

TEST(ProvenanceCheck, weights_that_were_damaged_are_not_called_another_models) {
  EXPECT_EQ(doubted(0.2, true).status, Status::cannot_tell);
}

}  // namespace
}  // namespace qualm::diagnose
