// The quant types that a diagnosis measured, by size.
#include "diagnose/ladder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "diagnose/thresholds.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::World;
using ::testing::ElementsAre;

Ladder ladder_in(World& world) {
  const Diagnosis found = world.examine();
  EXPECT_TRUE(found.ladder);
  return found.ladder.value_or(Ladder{});
}

std::vector<std::string> names(const Ladder& ladder) {
  std::vector<std::string> all;
  for (const Rung& rung : ladder.rungs) all.push_back(rung.name);
  return all;
}

TEST(Ladder, holds_the_candidate_and_the_types_that_were_measured_anyway) {
  World world;
  world.lossy_weights();
  const Ladder ladder = ladder_in(world);
  EXPECT_THAT(names(ladder), ElementsAre("Q3_K", "Q4_K_M"));
  EXPECT_TRUE(ladder.rungs[0].yours);
  EXPECT_FALSE(ladder.rungs[1].yours);
  EXPECT_EQ(ladder.rungs[0].limit, Side::above);
  EXPECT_EQ(ladder.rungs[1].limit, Side::below);
  EXPECT_EQ(ladder.smallest, 1U);
  EXPECT_EQ(ladder.picked, 1U);
}

TEST(Ladder, has_the_types_that_a_fix_had_to_try) {
  World world;
  world.lossy_weights();
  world.given.accept = {evaluate::MetricId::kld_mean, 0.003};
  const Ladder ladder = ladder_in(world);
  EXPECT_THAT(names(ladder), ElementsAre("Q3_K", "Q4_K_M", "Q5_K_M"));
  EXPECT_EQ(ladder.limit, "kld_mean<0.003");
  EXPECT_EQ(ladder.picked, 2U);
}

TEST(Ladder, has_a_weights_loss_beside_a_lossy_cache) {
  World world;
  world.cache("q4_0", "q4_0");
  const Ladder ladder = ladder_in(world);
  EXPECT_THAT(names(ladder), ElementsAre("Q3_K", "Q4_K_M", "Q5_K_M"));
  EXPECT_NEAR(ladder.rungs[0].kld.estimate->value, 0.002, 0.0005);
  EXPECT_EQ(ladder.rungs[0].cache_bytes, 2 * 562);
  EXPECT_EQ(ladder.rungs[0].limit, Side::below);
}

TEST(Ladder, has_the_figures_of_the_selection_windows) {
  World world;
  world.lossy_weights();
  for (const Rung& rung : ladder_in(world).rungs) EXPECT_EQ(rung.windows, 20);
}

TEST(Ladder, of_a_type_that_only_proved_a_fix_has_the_figures_of_the_holdout_windows) {
  World world;
  Facts facts = world.facts();
  const auto add = [&](const std::string& type, WindowRange windows) {
    const WantedMeasurements wanted{
        .reference = Facts::original(), .variants = {Facts::as_type(type)}, .windows = windows};
    facts.add(wanted, *world.experiment.measure(wanted.reference, wanted.variants, windows, {}));
    facts.add(WantedSize{experiment::requantized(type)}, 1);
  };
  facts.add(WantedCacheSize{"f16", "f16"}, std::int64_t{1});
  world.experiment.set_type("Q8_0", {0.05, 0.001});
  add("Q8_0", {16, 26});
  add(kFloorType, {0, 16});
  EXPECT_EQ(ladder_of(facts)->rungs[1].limit, Side::not_separated) << "no type on its windows";
  add(kFloorType, {16, 26});
  const auto ladder = ladder_of(facts);
  ASSERT_TRUE(ladder);
  EXPECT_THAT(names(*ladder), ElementsAre("Q4_K_M", "Q8_0"));
  EXPECT_EQ(ladder->rungs[0].windows, 16);
  EXPECT_EQ(ladder->rungs[1].windows, 10);
  EXPECT_EQ(ladder->rungs[1].limit, Side::above);
}

TEST(Ladder, of_fewer_than_eight_windows_keeps_no_limit) {
  World world;
  world.experiment.domains = {{.name = "text", .windows = 7, .given = true}};
  const Ladder ladder = ladder_in(world);
  for (const Rung& rung : ladder.rungs) EXPECT_EQ(rung.limit, Side::not_separated);
  EXPECT_FALSE(ladder.smallest);
}

TEST(Ladder, picks_none_where_what_keeps_the_limit_does_not_fit) {
  World world;
  world.lossy_weights();
  world.given.memory = 4'000'000;  // Q4_K_M has 4.8 MB
  const Ladder ladder = ladder_in(world);
  EXPECT_EQ(ladder.rungs[0].fits, true);
  EXPECT_EQ(ladder.rungs[1].fits, false);
  EXPECT_EQ(ladder.smallest, 1U);
  EXPECT_FALSE(ladder.picked);
}

TEST(Ladder, of_lost_positions_keeps_no_limit) {
  World world;
  world.experiment.lost = 1;
  const Ladder ladder = ladder_in(world);
  const auto yours = std::ranges::find(ladder.rungs, true, &Rung::yours);
  ASSERT_NE(yours, ladder.rungs.end());
  EXPECT_TRUE(yours->lost);
  EXPECT_EQ(yours->limit, Side::above);
}

TEST(Ladder, needs_an_original) {
  World world;
  world.given.baseline = nullptr;
  EXPECT_FALSE(world.examine().ladder);
}

}  // namespace
}  // namespace qualm::diagnose
