// The cache beside the weights: which is the cause, and how much each takes.
#include <gtest/gtest.h>

#include "diagnose/patient_world.h"

namespace qualm::diagnose {
namespace {

using test::FakeLab;

TEST(CacheDecisions, a_cache_that_costs_more_than_the_step_to_q5_k_m_is_the_cause) {
  World world;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "kv_cache");
  const CheckResult& cache = check(found, "kv_cache");
  EXPECT_EQ(cache.status, Status::cause);
  EXPECT_TRUE(cache.headline.ends_with("   K q4_0 costs more than twice what V q4_0 does"))
      << cache.headline;
  EXPECT_EQ(check(found, "tier").status, Status::cleared);
  ASSERT_EQ(found.remedies.size(), 1U);
  // q4_0/q8_0 fails, q8_0/q4_0 is the cheapest that passes.
  EXPECT_EQ(found.remedies[0].command, "--cache-type-k q8_0 --cache-type-v q4_0");
  EXPECT_EQ(found.remedies[0].bytes, 1624);
  EXPECT_EQ(found.remedies[0].effect, "cache from 1.12 kB to 1.62 kB");
}

TEST(CacheDecisions, a_cache_within_the_line_is_cleared) {
  World world;
  world.cache("q8_0", "q8_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(check(found, "kv_cache").status, Status::cleared);
  EXPECT_EQ(found.verdict, "healthy");
}

TEST(CacheDecisions, f16_with_another_name_is_no_quantized_cache) {
  World world;
  world.patient.type_k = "bf16";
  world.patient.type_v = "f32";
  EXPECT_EQ(check(world.examine(), "kv_cache").headline, "the cache is not quantized (bf16/f32)");
}

TEST(CacheDecisions, the_larger_share_is_the_cause_and_the_smaller_contributes) {
  World world;
  world.ill_weights();
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  const CheckResult& tier = check(found, "tier");
  const CheckResult& cache = check(found, "kv_cache");
  EXPECT_EQ(found.principal_cause, "tier");
  EXPECT_EQ(tier.status, Status::cause);
  EXPECT_EQ(cache.status, Status::contributes);
  ASSERT_TRUE(tier.share && cache.share);
  EXPECT_NEAR(tier.share->value, 0.06 / 0.08, 0.01);
  EXPECT_NEAR(tier.share->value + cache.share->value, 1, 1e-9);
  EXPECT_LT(tier.share->low, tier.share->value);
  EXPECT_LT(tier.share->value, tier.share->high);
  const auto of_ppl = [](const CheckResult& result) {
    const auto it = std::ranges::find(result.evidence, "share_ln_ppl", &Evidence::name);
    return it == result.evidence.end() ? -1 : it->value->value;
  };
  EXPECT_NEAR(of_ppl(tier), 0.06 / 0.07, 0.01);  // of ln ppl the cache costs half as much
  EXPECT_NEAR(of_ppl(cache), 0.01 / 0.07, 0.01);
  // One remedy after the other: the second is measured with the first applied.
  ASSERT_EQ(found.remedies.size(), 2U);
  EXPECT_EQ(found.remedies[0].cause, "tier");
  EXPECT_EQ(found.remedies[1].cause, "kv_cache");
  EXPECT_EQ(
      world.lab.asked.back().variants,
      (std::vector<std::string>{"candidate, q4_0/q4_0 cache", "baseline as Q4_K_M, q4_0/q4_0 cache",
                                "baseline as Q4_K_M, q8_0/q4_0 cache"}));
}

TEST(CacheDecisions, a_cache_that_costs_more_than_the_weights_is_the_principal_cause) {
  World world;
  world.lab.weights["candidate"] = {0.012, 0.012};
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "kv_cache");
  EXPECT_EQ(check(found, "tier").status, Status::contributes);
  EXPECT_GT(check(found, "kv_cache").share->value, check(found, "tier").share->value);
}

TEST(CacheDecisions, shares_that_do_not_separate_are_said_not_to) {
  World world;
  world.lab.weights["candidate"] = {0.02, 0.02, 0.5};
  world.cache("q4_0", "q4_0");
  world.lab.caches["q4_0/q4_0"] = {0.02, 0.02, 0.5};
  const Diagnosis found = world.examine();
  EXPECT_TRUE(found.summary.ends_with(" The shares of the two largest causes are not separated."))
      << found.summary;
}

TEST(CacheDecisions, without_a_baseline_the_cache_is_held_against_the_same_weights) {
  World world;
  world.patient.baseline = nullptr;
  world.cache("q4_0", "q4_0");
  world.lab.caches["q4_0/q4_0"] = {0.05, 0.05};
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.evidence_level, "L1");
  EXPECT_EQ(check(found, "kv_cache").status, Status::cause);
  EXPECT_EQ(check(found, "tier").status, Status::not_examined);
  EXPECT_EQ(found.principal_cause, "kv_cache");
  ASSERT_EQ(found.remedies.size(), 1U);
  for (const FakeLab::Asked& asked : world.lab.asked)
    EXPECT_EQ(asked.reference, "candidate, f16/f16 cache");
}

}  // namespace
}  // namespace qualm::diagnose
