// Checks 1 and 3 on a model whose loss is a known sum over its tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "diagnose/class_group.h"
#include "diagnose/diagnose.h"
#include "diagnose/override.h"
#include "support/class_lab.h"

namespace qualm {
namespace {

using diagnose::Status;
using test::ClassLab;
using test::IntegrityFault;
using test::tied_model;

constexpr double kFloor = 0.004;

struct Examined {
  diagnose::Diagnosis diagnosis;
  [[nodiscard]] const diagnose::CheckResult& check(const std::string& id) const {
    return *std::ranges::find(diagnosis.checks, id, &diagnose::CheckResult::id);
  }
};

Examined examine(const model::Checkpoint& candidate, const IntegrityFault& damage,
                 const std::string& cache = "f16") {
  const model::Checkpoint baseline = tied_model(16, 16);
  ClassLab lab(candidate, damage, kFloor);
  diagnose::Patient patient;
  patient.candidate = &candidate;
  patient.baseline = &baseline;
  patient.candidate_path = "it's.gguf";
  patient.baseline_path = "base.gguf";
  patient.type_k = patient.type_v = cache;
  diagnose::Case examined(patient, &lab);
  auto diagnosis = diagnose::diagnose(examined);
  EXPECT_TRUE(diagnosis) << describe(diagnosis.error());
  return {std::move(*diagnosis)};
}

TEST(architecture, a_crushed_embedding_is_the_cause_and_clears_the_tier) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.1}, {"blk", 0.0001}});
  EXPECT_EQ(found.diagnosis.principal_cause, "architecture");
  EXPECT_EQ(found.check("architecture").status, Status::cause);
  EXPECT_EQ(found.check("tier").status, Status::cleared);
  ASSERT_TRUE(found.check("architecture").share);
  EXPECT_NEAR(found.check("architecture").share->value, 0.1 / 0.1007, 1e-6);
}

TEST(architecture, its_remedy_is_a_line_for_a_shell) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.1}, {"blk", 0.0001}});
  ASSERT_EQ(found.diagnosis.remedies.size(), 1U);
  EXPECT_EQ(found.diagnosis.remedies[0].command,
            "llama-quantize --token-embedding-type q6_K base.gguf 'it'\\''s-Q6_K-fixed.gguf' Q6_K");
}

TEST(architecture, a_low_tier_of_all_tensors_is_the_tier) {
  const auto found = examine(tied_model(6.6, 2.6), {{"token_embd", 0.001}, {"blk", 0.01}});
  EXPECT_EQ(found.diagnosis.principal_cause, "tier");
  EXPECT_EQ(found.check("architecture").status, Status::cleared);
}

TEST(architecture, a_sensitive_class_with_the_bits_of_the_rest_is_not_to_blame) {
  const auto found = examine(tied_model(6.6, 2.6), {{"attn_v", 0.1}, {"blk", 0.0001}});
  EXPECT_EQ(found.check("architecture").status, Status::cleared);
  EXPECT_EQ(found.diagnosis.principal_cause, "tier");
}

TEST(architecture, where_the_rest_fails_as_well_both_are_named_with_shares) {
  const auto found = examine(tied_model(2.6, 3.4), {{"token_embd", 0.06}, {"blk", 0.003}});
  EXPECT_EQ(found.diagnosis.principal_cause, "architecture");
  EXPECT_EQ(found.check("tier").status, Status::contributes);
  EXPECT_NEAR(found.check("tier").share->value, 0.021 / 0.081, 1e-6);
  ASSERT_EQ(found.diagnosis.remedies.size(), 1U);
  EXPECT_EQ(found.diagnosis.remedies[0].cause, "tier");
}

TEST(architecture, three_factors_share_the_loss) {
  const auto found = examine(tied_model(2.6, 3.4),
                             {{"cache", 0.02}, {"token_embd", 0.06}, {"blk", 0.003}}, "q4_0");
  EXPECT_NEAR(found.check("architecture").share->value, 0.06 / 0.101, 1e-6);
  EXPECT_NEAR(found.check("kv_cache").share->value, 0.02 / 0.101, 1e-6);
  EXPECT_NEAR(found.check("tier").share->value, 0.021 / 0.101, 1e-6);
}

TEST(architecture, weights_within_the_lines_have_nothing_to_explain) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.001}, {"blk", 0.0001}});
  EXPECT_EQ(found.check("architecture").status, Status::cleared);
  EXPECT_EQ(found.diagnosis.verdict, "healthy");
}

/// Floats that say they were rounded to a grid of one step throughout.
class SteppedData final : public test::PlainData {
 public:
  SteppedData(std::vector<float> values, float step)
      : test::PlainData(values, 256),
        steps_(std::make_shared<test::PlainData>(std::vector<float>(values.size(), step), 256)) {}
  std::shared_ptr<const model::TensorData> steps() const override { return steps_; }

 private:
  std::shared_ptr<const model::TensorData> steps_;
};

constexpr int kQ8 = 8;  // ggml's ids
constexpr int kQ2K = 10;

/// 256 rows of 256 weights: steps of 1/64 in Q8_0 and of 1/2 in Q2_K.
model::Tensor stepped(const std::string& name, int type) {
  model::Tensor tensor;
  tensor.name = name;
  tensor.dims = {256, 256};
  tensor.encoding = {type == kQ8 ? "Q8_0" : "Q2_K", type};
  tensor.bytes = 256 * (type == kQ8 ? 8 * 34 : 84);
  tensor.data =
      std::make_shared<SteppedData>(test::plain_values(256 * 256), type == kQ8 ? 1.0F / 64 : 0.5F);
  return tensor;
}

diagnose::Diagnosis without_baseline(int embedding, int layer) {
  model::Checkpoint candidate;
  candidate.metadata.set("general.architecture", std::string("llama"));
  candidate.tensors = {stepped("token_embd.weight", embedding),
                       stepped("blk.0.attn_q.weight", layer),
                       stepped("blk.0.ffn_up.weight", layer)};
  diagnose::Patient patient;
  patient.candidate = &candidate;
  diagnose::Case examined(patient, nullptr);
  return *diagnose::diagnose(examined);
}

TEST(architecture, without_a_baseline_a_crushed_class_is_suspected_and_no_more_than_that) {
  const auto found = without_baseline(kQ2K, kQ8);
  const auto& check = *std::ranges::find(found.checks, "architecture", &diagnose::CheckResult::id);
  EXPECT_EQ(check.status, Status::cannot_tell);
  EXPECT_THAT(check.headline, ::testing::StartsWith("suspected: the embedding"));
  EXPECT_THAT(check.headline, ::testing::HasSubstr("rounded 32.0 times as coarsely as the rest"));
  EXPECT_FALSE(check.needs.empty());
  EXPECT_EQ(found.verdict, "cannot_tell");
  EXPECT_TRUE(found.principal_cause.empty());
  const auto& own =
      *std::ranges::find(check.evidence, "estimated_error_token_embd", &diagnose::Evidence::name);
  ASSERT_TRUE(own.value);
  EXPECT_NEAR(own.value->value, 0.5 / std::sqrt(12) / 0.577, 0.002);
}

TEST(architecture, without_a_baseline_a_tier_that_is_low_everywhere_suspects_no_class) {
  for (const int type : {kQ2K, kQ8}) {
    const auto found = without_baseline(type, type);
    const auto& check =
        *std::ranges::find(found.checks, "architecture", &diagnose::CheckResult::id);
    EXPECT_EQ(check.status, Status::not_examined);
  }
}

TEST(class_groups, a_class_that_the_baseline_holds_in_as_many_bits_is_not_tried) {
  const auto baseline = tied_model(16, 16);
  for (const auto& group : diagnose::class_groups(tied_model(16, 3), &baseline))
    EXPECT_NE(group.id, "token_embd");
}

TEST(class_groups, one_pattern_fits_all_layers) {
  model::Checkpoint candidate;
  model::Checkpoint baseline;
  for (const char* name : {"blk.0.ffn_down.weight", "blk.11.ffn_down.weight"}) {
    candidate.tensors.push_back(test::tensor_of(name, 512, 3));
    baseline.tensors.push_back(test::tensor_of(name, 512, 16));
  }
  const auto groups = diagnose::class_groups(candidate, &baseline);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0].patterns, testing::ElementsAre("blk.*.ffn_down.weight"));
}

}  // namespace
}  // namespace qualm
