// Checks 1 and 3 on a model whose loss is a known sum over its tensors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "diagnose/class_group.h"
#include "diagnose/diagnose.h"
#include "support/class_experiment.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::ClassExperiment;
using test::CostByWord;
using test::evidence;
using test::finding;
using test::tied_model;

constexpr double kFloor = 0.004;

struct How {
  std::string cache = "f16";
  bool of_base_model = false;  ///< what its weights say
};

Diagnosis examine(const model::Checkpoint& candidate, const CostByWord& costs,
                  const How& how = {}) {
  const model::Checkpoint baseline = tied_model(16, 16);
  ClassExperiment experiment(candidate, costs, kFloor);
  Facts facts;
  facts.given = {.candidate = &candidate,
                 .baseline = &baseline,
                 .candidate_path = "it's.gguf",
                 .baseline_path = "base.gguf",
                 .type_k = how.cache,
                 .type_v = how.cache};
  test::read_files(facts);
  facts.read_weights.origin->origin =
      how.of_base_model ? weights::Origin::base : weights::Origin::fine_tune;
  auto diagnosis = test::examined(facts, &experiment);
  EXPECT_TRUE(diagnosis) << describe(diagnosis.error());
  return *std::move(diagnosis);
}

TEST(Architecture, a_crushed_embedding_is_the_cause_and_clears_the_type) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.1}, {"blk", 0.0001}});
  EXPECT_EQ(found.conclusion.principal, CheckId::architecture);
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cause);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cleared);
  ASSERT_TRUE(finding(found, CheckId::architecture).share);
  EXPECT_NEAR(finding(found, CheckId::architecture).share->value, 0.1 / 0.1007, 1e-6);
}

TEST(Architecture, its_remedy_is_a_line_for_a_shell) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.1}, {"blk", 0.0001}});
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].command,
            "llama-quantize --token-embedding-type q6_K base.gguf 'it'\\''s-Q6_K-fixed.gguf' Q6_K");
}

TEST(Architecture, a_low_type_of_all_tensors_is_the_type) {
  const auto found = examine(tied_model(6.6, 2.6), {{"token_embd", 0.001}, {"blk", 0.01}});
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cleared);
}

TEST(Architecture, a_sensitive_class_with_the_bits_of_the_rest_is_not_to_blame) {
  const auto found = examine(tied_model(6.6, 2.6), {{"attn_v", 0.1}, {"blk", 0.0001}});
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cleared);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
}

TEST(Architecture, where_the_rest_fails_as_well_both_are_named_with_shares) {
  const auto found = examine(tied_model(2.6, 3.4), {{"token_embd", 0.06}, {"blk", 0.003}});
  EXPECT_EQ(found.conclusion.principal, CheckId::architecture);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::contributes);
  EXPECT_NEAR(finding(found, CheckId::tier).share->value, 0.021 / 0.081, 1e-6);
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].cause, CheckId::tier);
}

TEST(Architecture, three_factors_share_the_loss) {
  const auto found =
      examine(tied_model(2.6, 3.4), {{"cache", 0.02}, {"token_embd", 0.06}, {"blk", 0.003}},
              {.cache = "q4_0"});
  EXPECT_NEAR(finding(found, CheckId::architecture).share->value, 0.06 / 0.101, 1e-6);
  EXPECT_NEAR(finding(found, CheckId::kv_cache).share->value, 0.02 / 0.101, 1e-6);
  EXPECT_NEAR(finding(found, CheckId::tier).share->value, 0.021 / 0.101, 1e-6);
}

TEST(Architecture, what_another_models_weights_lose_is_blamed_on_no_class) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.1}, {"blk", 0.0001}},
                             {.of_base_model = true});
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cannot_tell);
  EXPECT_EQ(found.conclusion.principal, CheckId::provenance);
}

TEST(Architecture, weights_within_limits_have_nothing_to_explain) {
  const auto found = examine(tied_model(2.6, 6.6), {{"token_embd", 0.001}, {"blk", 0.0001}});
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cleared);
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
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

Diagnosis without_original(int embedding, int layer) {
  model::Checkpoint candidate;
  candidate.metadata.set("general.architecture", std::string("llama"));
  candidate.tensors = {stepped("token_embd.weight", embedding),
                       stepped("blk.0.attn_q.weight", layer),
                       stepped("blk.0.ffn_up.weight", layer)};
  Facts facts;
  facts.given.candidate = &candidate;
  test::read_files(facts);
  return *test::examined(facts, nullptr);
}

TEST(Architecture, without_an_original_a_crushed_class_is_suspected_and_no_more_than_that) {
  const auto found = without_original(kQ2K, kQ8);
  const Finding& check = finding(found, CheckId::architecture);
  EXPECT_EQ(check.status, Status::cannot_tell);
  EXPECT_THAT(check.headline, ::testing::StartsWith("suspected: too few bits in the embedding"));
  EXPECT_THAT(check.headline, ::testing::HasSubstr("rounded 32.0 times as coarsely as the rest"));
  EXPECT_FALSE(check.needs.empty());
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
  EXPECT_TRUE(!found.conclusion.principal);
  const Evidence* own = evidence(check, "estimated_error_token_embd");
  ASSERT_TRUE(own && own->value);
  EXPECT_NEAR(own->value->value, 0.5 / std::sqrt(12) / 0.577, 0.002);
}

TEST(Architecture, without_an_original_a_type_that_is_low_everywhere_suspects_no_class) {
  for (const int type : {kQ2K, kQ8}) {
    const auto found = without_original(type, type);
    EXPECT_EQ(finding(found, CheckId::architecture).status, Status::not_examined);
  }
}

TEST(ClassGroups, a_class_that_the_original_holds_in_as_many_bits_is_not_tried) {
  const auto baseline = tied_model(16, 16);
  for (const auto& group : class_groups(tied_model(16, 3), &baseline))
    EXPECT_NE(group.id, "token_embd");
}

TEST(ClassGroups, one_pattern_fits_all_layers) {
  model::Checkpoint candidate;
  model::Checkpoint baseline;
  for (const char* name : {"blk.0.ffn_down.weight", "blk.11.ffn_down.weight"}) {
    candidate.tensors.push_back(test::tensor_of(name, 512, 3));
    baseline.tensors.push_back(test::tensor_of(name, 512, 16));
  }
  const auto groups = class_groups(candidate, &baseline);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_THAT(groups[0].patterns, testing::ElementsAre("blk.*.ffn_down.weight"));
}

}  // namespace
}  // namespace qualm::diagnose
