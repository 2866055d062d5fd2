// What is said of a loss before the diagnosis has ended.
#include "diagnose/so_far.h"

#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::World;

/// After this many windows that lose so much.
std::string told_after(World& world, double kld, std::size_t count) {
  Facts facts = world.facts_and_texts();
  std::vector<evaluate::WindowScores> windows(count);
  for (std::size_t i = 0; i < count; ++i)
    windows[i].scores.push_back({.kld = static_cast<float>(kld * (i % 2 == 0 ? 1.02 : 0.98))});
  return so_far(facts, windows).value_or("nothing");
}

TEST(SoFar, says_the_grade_and_the_side_of_the_limit_where_they_are_certain) {
  World world;
  EXPECT_EQ(told_after(world, 0.12, 8),
            "KLD 0.1200 [0.1165, 0.1235], grade: noticeable, over the limit (after 8 windows)");
  EXPECT_EQ(told_after(world, 0.05, 8),
            "KLD 0.0500 [0.0486, 0.0514], grade: small (after 8 windows)");
  EXPECT_EQ(
      told_after(world, 0.01, 8),
      "KLD 0.01000 [0.00971, 0.01029], grade: very small, within the limit (after 8 windows)");
  EXPECT_EQ(told_after(world, 0.06, 8), "nothing")
      << "small or noticeable, and no side of the limit";
}

TEST(SoFar, of_an_estimate_says_how_far_that_may_be_off) {
  World world;
  world.given.baseline = nullptr;
  world.given.surrogate = &world.baseline;
  const std::string told = told_after(world, 0.25, 8);
  EXPECT_TRUE(told.starts_with("estimated KLD 0.24 [0.14, 0.30], grade")) << told;
  EXPECT_NE(told.find("noticeable or large, over the limit"), std::string::npos) << told;
  EXPECT_EQ(told_after(world, 0.12, 8).find("limit"), std::string::npos)
      << "it may be half of that";
}

TEST(SoFar, says_nothing_from_fewer_than_8_windows_or_with_a_lost_position) {
  World world;
  EXPECT_EQ(told_after(world, 0.12, 7), "nothing");
  Facts facts = world.facts_and_texts();
  std::vector<evaluate::WindowScores> windows(8, {0, {{.kld = 0.12F}}});
  windows[3].scores.push_back({.finite = false, .lost = true});
  EXPECT_FALSE(so_far(facts, windows));
}

TEST(SoFar, holds_the_loss_against_the_limit_of_the_user) {
  World world;
  world.given.accept = Accept{evaluate::MetricId::kld_mean, 0.3};
  EXPECT_NE(told_after(world, 0.12, 8).find("within the limit"), std::string::npos);
  world.given.accept = Accept{evaluate::MetricId::ppl_change, 0.01};
  EXPECT_EQ(told_after(world, 0.12, 8).find("limit"), std::string::npos);
}

}  // namespace
}  // namespace qualm::diagnose
