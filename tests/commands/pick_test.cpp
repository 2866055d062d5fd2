#include "commands/pick.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "evaluate/summary.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

using diagnose::Side;

/// 16 windows with this KLD, a tenth up and down.
report::MeasureResult result(const std::string& path, std::uint64_t bytes, float kld,
                             double lost_likelihood = 0.1) {
  report::MeasureResult one;
  one.candidate.path = path;
  one.candidate.file_bytes = bytes;
  one.cache_bytes = 20;
  for (std::int32_t w = 0; w < 16; ++w) {
    one.measurement.windows.push_back({w, {}});
    const float here = kld * (w % 2 == 0 ? 0.9F : 1.1F);
    for (std::int32_t i = 0; i < 50; ++i)
      one.measurement.windows.back().scores.push_back(
          {.nll_p = 2, .nll_q = 2 + lost_likelihood, .kld = here, .position = i});
  }
  evaluate::summarize(one.measurement);
  return one;
}

const std::vector<report::MeasureResult> kThree{
    result("q6.gguf", 600, 0.01F), result("q3.gguf", 300, 0.2F), result("q4.gguf", 400, 0.03F)};

/// The three with other sizes of their caches.
std::vector<report::MeasureResult> with_caches(
    const std::vector<std::optional<std::int64_t>>& caches) {
  auto three = kThree;
  for (std::size_t i = 0; i < three.size(); ++i) three[i].cache_bytes = caches[i];
  return three;
}

diagnose::Ladder ladder(const job::Condition& limit, std::int64_t memory) {
  return ladder_of(kThree, {.limit = limit, .confidence = 0.95, .memory = memory});
}

std::string says(const diagnose::Ladder& made) {
  report::MeasureReport report;
  report.results = kThree;
  report.ladder = made;
  return to_json(report).at("ladder").at("says");
}

TEST(Pick, is_the_smallest_candidate_that_certainly_keeps_the_limit) {
  const diagnose::Ladder found = ladder(default_limit(), 10'000);
  ASSERT_EQ(found.rungs.size(), 3U);
  EXPECT_EQ(found.rungs[0].file_bytes, 300);
  EXPECT_EQ(found.rungs[0].limit, Side::above);
  ASSERT_EQ(found.picked, 1U);
  EXPECT_EQ(says(found),
            "q4.gguf, 400 B, KLD 0.0300 [0.0283, 0.0317], is the smallest of these that certainly "
            "keeps kld_mean<0.06.");
}

TEST(Pick, counts_the_cache_against_the_memory) {
  EXPECT_EQ(ladder(default_limit(), 420).picked, 1U);
  const diagnose::Ladder tight = ladder(default_limit(), 419);
  EXPECT_FALSE(tight.picked);
  EXPECT_EQ(tight.rungs[0].fits, true);
  EXPECT_EQ(says(tight),
            "None of these that certainly keeps kld_mean<0.06 fits in 419 B of memory. Use more "
            "memory or a smaller model.");
}

TEST(Pick, of_a_cache_without_a_known_size_says_that_it_is_not_known) {
  const auto by_memory = [](std::int64_t memory) {
    return ladder_of(with_caches({std::nullopt, std::nullopt, std::nullopt}),
                     {.limit = default_limit(), .confidence = 0.95, .memory = memory});
  };
  const diagnose::Ladder found = by_memory(500);
  EXPECT_EQ(found.picked, 1U);
  EXPECT_FALSE(found.rungs[1].fits);
  EXPECT_EQ(found.rungs[2].fits, false);
  EXPECT_THAT(says(found), ::testing::EndsWith("The file does not tell the size of its cache."));
  EXPECT_FALSE(by_memory(350).picked);
}

TEST(Pick, where_nothing_fits_asks_for_memory_or_a_smaller_model) {
  EXPECT_EQ(says(ladder(default_limit(), 100)),
            "None of these fits in 100 B of memory. Use more memory, a smaller model, or a shorter "
            "context.");
}

TEST(Pick, tells_where_a_smaller_one_keeps_the_limit_but_does_not_fit) {
  const diagnose::Ladder found = ladder_of(
      with_caches({20, 20, 10'000}), {.limit = default_limit(), .confidence = 0.95, .memory = 700});
  EXPECT_EQ(found.picked, 2U);
  EXPECT_THAT(says(found), ::testing::HasSubstr("keeps kld_mean<0.06 and fits."));
}

TEST(Pick, takes_none_whose_interval_holds_the_limit) {
  const job::Condition near = *job::parse_limit("--pick", "kld_mean<0.0301");
  const diagnose::Ladder found = ladder(near, 10'000);
  EXPECT_EQ(found.rungs[1].limit, Side::not_separated);
  EXPECT_EQ(found.picked, 2U);
  const diagnose::Ladder nearest = ladder(*job::parse_limit("--pick", "kld_mean<0.0101"), 10'000);
  EXPECT_FALSE(nearest.picked);
  EXPECT_EQ(says(nearest),
            "Cannot tell whether one of these keeps kld_mean<0.0101: more windows must be read (a "
            "longer text, -f, or more time, --budget).");
}

TEST(Pick, where_all_lose_too_much_asks_for_more_bits) {
  EXPECT_EQ(says(ladder(*job::parse_limit("--pick", "kld_mean<0.001"), 10'000)),
            "None of these that fits keeps kld_mean<0.001. Use a type with more bits.");
}

TEST(Pick, takes_no_perplexity_below_the_originals_and_no_lost_position) {
  auto better = result("a.gguf", 1, 0.5F, -0.1);
  auto broken = result("b.gguf", 2, 0.001F);
  broken.measurement.lost = 1;
  better.cache_bytes = 0;
  broken.cache_bytes = 0;
  const auto limit = *job::parse_limit("--pick", "ppl_change<1%");
  const auto found =
      ladder_of({better, broken}, {.limit = limit, .confidence = 0.95, .memory = 10});
  EXPECT_EQ(found.rungs[0].limit, Side::not_separated);
  EXPECT_EQ(found.rungs[1].limit, Side::above);
  EXPECT_TRUE(found.rungs[1].lost);
}

}  // namespace
}  // namespace qualm::commands
