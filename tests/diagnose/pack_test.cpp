// A reference pack in place of the original: the loss and the cache are judged, what needs the
// original's weights is not.
#include <gtest/gtest.h>

#include "support/class_experiment.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::evidence;
using test::finding;

struct PackWorld : test::World {
  PackWorld() {
    given.baseline = nullptr;
    given.baseline_path.clear();
    given.pack = GivenPack{"tiny-F16.gguf", {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
  }
  /// Calls itself Q8_0; its layers are stored as `type`, at so many bits.
  void call_it_q8_0(const std::string& type, double bits) {
    constexpr std::int64_t kLabel = 7;  // general.file_type
    candidate.metadata.set("general.file_type", kLabel);
    candidate.tensors.push_back(test::tensor_of("blk.0.ffn_up.weight", 256 * 400, bits));
    candidate.tensors.back().encoding = {type, 1};
  }
};

TEST(Pack, a_small_loss_is_healthy_and_what_was_not_examined_is_named) {
  PackWorld world;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.evidence_level, "L2");
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cleared);
  for (const CheckId id :
       {CheckId::not_quant, CheckId::architecture, CheckId::calibration, CheckId::provenance})
    EXPECT_EQ(finding(found, id).status, Status::not_examined) << row_of(id).name;
}

TEST(Pack, too_few_bits_are_the_cause_where_a_larger_type_loses_less) {
  PackWorld world;
  world.lossy_weights();
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_TRUE(evidence(finding(found, CheckId::tier), "recovered_by_Q4_K_M"));
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].name, "Q4_K_M");
  EXPECT_EQ(found.remedies[0].command, "") << "what is not there cannot be quantized";
  EXPECT_TRUE(
      found.remedies[0].effect.ends_with("or make it from tiny-F16.gguf where you have it"));
  EXPECT_EQ(found.remedies[0].line, Side::below);
}

/// A surrogate beside the pack; the truth is 0.7 to 1.3 times what is estimated.
struct PackAndSurrogate : PackWorld {
  PackAndSurrogate() {
    given.surrogate = &baseline;
    experiment.beside_pack = true;
    experiment.truth_over_estimate = numeric::Estimate{1, 0.7, 1.3};
    candidate.tensors.push_back(test::tensor_of("blk.0.ffn_up.weight", 256 * 400, 6.6));
    lossy_weights();
  }
};

TEST(PackAndSurrogate, bits_that_lose_what_such_bits_usually_lose_are_likely_to_blame) {
  PackAndSurrogate world;
  const Diagnosis found = world.examine();
  const Finding& type = finding(found, CheckId::tier);
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_FALSE(found.conclusion.estimated) << "the loss itself was measured";
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_TRUE(type.estimated);
  const Evidence* over = evidence(type, "excess_over_steps");
  ASSERT_TRUE(over);
  EXPECT_NEAR(over->value->value, 1, 0.05);
  EXPECT_NEAR(over->value->low, 1 / 1.3, 0.05);
  EXPECT_EQ(finding(found, CheckId::architecture).status, Status::cleared);
}

TEST(PackAndSurrogate, a_loss_that_such_bits_do_not_usually_have_is_not_blamed_on_them) {
  PackAndSurrogate world;
  world.experiment.against_surrogate = 0.3;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  for (const CheckId id : {CheckId::tier, CheckId::provenance})
    EXPECT_EQ(finding(found, id).status, Status::cannot_tell) << row_of(id).name;
  EXPECT_FALSE(found.conclusion.principal);
}

TEST(PackAndSurrogate, a_file_that_guesses_better_than_the_original_is_not_blamed_on_its_bits) {
  PackAndSurrogate world;
  world.experiment.set_candidate({0.06, -0.15});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cannot_tell);
  EXPECT_FALSE(found.conclusion.principal);
}

TEST(PackAndSurrogate, what_loses_most_comes_first) {
  PackAndSurrogate world;
  world.cache("q4_0", "q4_0");
  const Diagnosis weights_more = world.examine();
  EXPECT_EQ(weights_more.conclusion.principal, CheckId::tier);
  EXPECT_EQ(finding(weights_more, CheckId::kv_cache).status, Status::contributes);
  world.experiment.caches["q4_0/q4_0"].kld = 0.2;
  const Diagnosis cache_more = world.examine();
  EXPECT_EQ(cache_more.conclusion.principal, CheckId::kv_cache);
  EXPECT_EQ(finding(cache_more, CheckId::tier).status, Status::contributes);
}

TEST(PackAndSurrogate, each_remedy_is_shown_by_itself) {
  PackAndSurrogate world;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 2U);
  EXPECT_EQ(found.remedies[0].name, "Q4_K_M");
  EXPECT_TRUE(found.remedies[0].effect.ends_with("figures with an F16 cache"));
  for (const Remedy& remedy : found.remedies) {
    EXPECT_TRUE((*remedy.before)[evaluate::MetricId::kld_mean].estimate) << remedy.name;
    EXPECT_TRUE((*remedy.after)[evaluate::MetricId::kld_mean].estimate) << remedy.name;
  }
}

TEST(Pack, asks_for_nothing_that_needs_the_weights_of_the_original) {
  PackWorld world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  world.examine();
  for (const auto& asked : world.experiment.asked)
    for (const Variant& variant : asked.variants) {
      const Weights& weights = variant.weights;
      EXPECT_TRUE(weights.kind == Weights::Kind::candidate ||
                  weights.kind == Weights::Kind::requantized)
          << describe(variant);
      if (weights.kind == Weights::Kind::requantized) {
        EXPECT_EQ(variant.type_k, "f16") << describe(variant);
      }
    }
}

TEST(Pack, a_cache_is_judged_as_with_the_original) {
  PackWorld world;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].command, "--cache-type-k q8_0 --cache-type-v q4_0");
  EXPECT_EQ(found.remedies[0].line, Side::below);
  EXPECT_FALSE(finding(found, CheckId::kv_cache).share) << "shares need swaps";
}

TEST(Pack, a_loss_beyond_that_of_its_own_type_is_not_blamed_on_the_bits) {
  PackWorld world;
  world.lossy_weights();
  world.call_it_q8_0("Q8_0", 8.5);
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(found.conclusion.principal, std::nullopt);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cleared);
  EXPECT_EQ(finding(found, CheckId::provenance).status, Status::cannot_tell);
}

TEST(Pack, a_loss_that_few_bits_do_not_explain_is_not_blamed_on_them) {
  PackWorld world;
  world.experiment.set_candidate({0.9, 0.5});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cannot_tell);
}

TEST(Pack, whose_tokens_were_not_checked_calls_nothing_healthy) {
  PackWorld world;
  world.given.pack->has_text = false;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
  EXPECT_EQ(finding(found, CheckId::not_quant).status, Status::cannot_tell);
}

TEST(Pack, a_label_that_the_weights_contradict_does_not_clear_the_bits) {
  PackWorld world;
  world.lossy_weights();
  world.call_it_q8_0("Q2_K", 2.6);
  EXPECT_NE(finding(world.examine(), CheckId::tier).status, Status::cleared);
}

TEST(Pack, without_a_ladder_the_line_cannot_be_told) {
  PackWorld world;
  world.given.pack->types.clear();
  world.experiment.set_candidate({0.05, 0.001});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cannot_tell);
}

TEST(Pack, without_a_ladder_the_ends_of_the_line_still_decide) {
  PackWorld world;
  world.given.pack->types.clear();
  EXPECT_EQ(world.examine().conclusion.verdict, Verdict::healthy);
  world.experiment.set_candidate({0.3, 0.3});
  EXPECT_EQ(world.examine().conclusion.verdict, Verdict::problem);
}

TEST(Pack, a_class_that_is_rounded_far_more_coarsely_keeps_the_type_from_being_blamed) {
  const model::Checkpoint candidate = test::tied_model(2.6, 6.6);
  test::ClassExperiment experiment(candidate, {{"token_embd", 0.3}}, 0.005);
  Facts facts;
  facts.given.candidate = &candidate;
  facts.given.pack = GivenPack{"tiny-F16.gguf", {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
  weights::QuantizationError coarse;
  weights::QuantizationError fine;
  coarse.error = 100;
  coarse.weights = 1000;
  coarse.gridded = true;
  fine.error = 1;
  fine.weights = 1000;
  fine.gridded = true;
  facts.read_weights.quantization_error = {{model::TensorClass::token_embd, coarse},
                                           {model::TensorClass::attn_q, fine}};
  const auto found = test::examined(facts, &experiment);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->conclusion.verdict, Verdict::problem);
  EXPECT_EQ(finding(*found, CheckId::tier).status, Status::cannot_tell);
  EXPECT_EQ(finding(*found, CheckId::architecture).status, Status::cannot_tell);

  // With a surrogate the class is restored, and what is left is estimated.
  const model::Checkpoint surrogate = test::tied_model(16, 16);
  facts = {};
  facts.given.candidate = &candidate;
  facts.given.surrogate = &surrogate;
  facts.given.pack = GivenPack{"tiny-F16.gguf", {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
  experiment.truth_over_estimate = numeric::Estimate{1, 0.7, 1.3};
  const auto estimated = test::examined(facts, &experiment);
  ASSERT_TRUE(estimated);
  EXPECT_EQ(estimated->conclusion.principal, CheckId::architecture);
  EXPECT_TRUE(finding(*estimated, CheckId::architecture).estimated);
  EXPECT_EQ(finding(*estimated, CheckId::tier).status, Status::cleared);
}

}  // namespace
}  // namespace qualm::diagnose
