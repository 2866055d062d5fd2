// The cache beside the weights: which is the cause, and how much each takes.
#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::evidence;
using test::FakeExperiment;
using test::finding;
using test::ids_of;
using test::World;

TEST(Cache, a_cache_that_costs_more_than_the_step_to_q5_k_m_is_the_cause) {
  World world;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  const Finding& cache = finding(found, CheckId::kv_cache);
  EXPECT_EQ(cache.status, Status::cause);
  EXPECT_TRUE(cache.headline.ends_with("; q4_0 for K loses more than twice as much as q4_0 for V"))
      << cache.headline;
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cleared);
  ASSERT_EQ(found.remedies.size(), 1U);
  // q4_0/q8_0 fails, q8_0/q4_0 is the cheapest that passes.
  EXPECT_EQ(found.remedies[0].command, "--cache-type-k q8_0 --cache-type-v q4_0");
  EXPECT_EQ(found.remedies[0].bytes, 1624);
  EXPECT_EQ(found.remedies[0].effect, "cache from 1.12 kB to 1.62 kB");
}

TEST(Cache, a_cache_within_limits_is_cleared) {
  World world;
  world.cache("q8_0", "q8_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(finding(found, CheckId::kv_cache).status, Status::cleared);
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
}

TEST(Cache, positions_that_were_not_read_are_not_examined) {
  for (const std::int64_t trained : {4, 32768}) {
    World world;
    world.cache("q8_0", "q8_0");
    world.candidate.metadata.set("general.architecture", std::string("llama"));
    world.candidate.metadata.set("llama.context_length", trained);
    world.baseline.metadata = world.candidate.metadata;
    const Finding cache = finding(world.examine(), CheckId::kv_cache);
    EXPECT_EQ(cache.status, Status::cleared);
    ASSERT_EQ(cache.needs.size(), trained > 4 ? 1U : 0U);
    if (trained > 4) {
      EXPECT_TRUE(cache.needs.front().starts_with("-c 4096 for positions beyond "));
    }
  }
}

TEST(Cache, a_type_that_the_heads_do_not_allow_is_the_cause_before_anything_is_run) {
  World world;
  world.files.unfit_caches = {{model::CacheSide::k, "q4_0", 48}};
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  EXPECT_EQ(finding(found, CheckId::kv_cache).headline,
            "heads are 48 wide, not a multiple of 32: a q4_0 K cache cannot be used");
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].command, "--cache-type-k f16 --cache-type-v f16");
  EXPECT_FALSE(found.remedies[0].after) << "what is run here is the remedy";
}

TEST(Cache, f16_with_another_name_is_no_quantized_cache) {
  World world;
  world.given.type_k = "bf16";
  world.given.type_v = "f32";
  EXPECT_EQ(finding(world.examine(), CheckId::kv_cache).headline,
            "the cache is not quantized (bf16/f32)");
}

TEST(Cache, the_larger_share_is_the_cause_and_the_smaller_contributes) {
  World world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  const Finding& tier = finding(found, CheckId::tier);
  const Finding& cache = finding(found, CheckId::kv_cache);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_EQ(tier.status, Status::cause);
  EXPECT_EQ(cache.status, Status::contributes);
  ASSERT_TRUE(tier.share && cache.share);
  EXPECT_NEAR(tier.share->value, 0.06 / 0.08, 0.01);
  EXPECT_NEAR(tier.share->value + cache.share->value, 1, 1e-9);
  EXPECT_LT(tier.share->low, tier.share->value);
  EXPECT_LT(tier.share->value, tier.share->high);
  const auto of_ppl = [](const Finding& result) {
    const Evidence* share = evidence(result, "share_ln_ppl");
    return share ? share->value->value : -1;
  };
  EXPECT_NEAR(of_ppl(tier), 0.06 / 0.07, 0.01);  // of ln ppl the cache costs half as much
  EXPECT_NEAR(of_ppl(cache), 0.01 / 0.07, 0.01);
  // One remedy after the other: the second is measured with the first applied.
  ASSERT_EQ(found.remedies.size(), 2U);
  EXPECT_EQ(found.remedies[0].cause, CheckId::tier);
  EXPECT_EQ(found.remedies[1].cause, CheckId::kv_cache);
  const experiment::Weights remade = experiment::requantized("Q4_K_M");
  EXPECT_EQ(ids_of(world.experiment.asked.back().variants), ids_of({{{}, "q4_0", "q4_0"},
                                                                    {remade, "q4_0", "q4_0"},
                                                                    {remade, "q8_0", "q4_0"},
                                                                    Facts::as_type("Q4_K_M")}));
}

TEST(Cache, a_cache_that_costs_more_than_the_weights_is_the_principal_cause) {
  World world;
  world.experiment.set_candidate({0.025, 0.025});
  world.cache("q4_0", "q4_0");
  world.experiment.caches["q4_0/q4_0"] = {0.05, 0.05};
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::contributes);
  EXPECT_GT(finding(found, CheckId::kv_cache).share->value,
            finding(found, CheckId::tier).share->value);
}

TEST(Cache, shares_that_do_not_separate_are_said_not_to) {
  World world;
  world.experiment.set_candidate({0.02, 0.02, 0.5});
  world.cache("q4_0", "q4_0");
  world.experiment.caches["q4_0/q4_0"] = {0.02, 0.02, 0.5};
  const Diagnosis found = world.examine();
  EXPECT_FALSE(found.conclusion.separated);
}

TEST(Cache, without_an_original_the_cache_is_compared_with_the_same_weights) {
  World world;
  world.given.baseline = nullptr;
  world.cache("q4_0", "q4_0");
  world.experiment.caches["q4_0/q4_0"] = {0.08, 0.05};
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.evidence_level, "L1");
  EXPECT_EQ(finding(found, CheckId::kv_cache).status, Status::cause);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::not_examined);
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  ASSERT_EQ(found.remedies.size(), 1U);
  for (const FakeExperiment::Asked& asked : world.experiment.asked)
    EXPECT_EQ(id_of(asked.reference), id_of(Facts::weights_only()));
}

}  // namespace
}  // namespace qualm::diagnose
