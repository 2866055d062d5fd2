// How often is a loss overlooked that a few windows of the text carry?
// docs/results/statistics.md quotes what this prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <random>
#include <vector>

#include "evaluate/text_windows.h"
#include "numeric/level.h"
#include "numeric/sequence.h"

namespace qualm::evaluate {
namespace {

constexpr int kWindows = 240;
constexpr double kLine = 0.01;
constexpr int kOrders = 2000;

/// ln perplexity ratio of each window: 0.2 % up, but `bad` of them 50 % up, from `first` on or
/// spread evenly.
std::vector<double> losses(int bad, bool together) {
  std::vector<double> all(kWindows);
  for (int w = 0; w < kWindows; ++w)
    all[static_cast<std::size_t>(w)] = 0.002 + 0.0005 * ((w * 7) % 5 - 2);
  for (int i = 0; i < bad; ++i)
    all[static_cast<std::size_t>(together ? 100 + i : 5 + i * kWindows / bad)] = std::log(1.5);
  return all;
}

std::vector<std::int32_t> order_of(bool stratified, std::uint64_t seed) {
  std::vector<std::int32_t> order(kWindows);
  std::iota(order.begin(), order.end(), 0);
  if (!stratified) {
    std::ranges::shuffle(order, std::mt19937_64(seed));
    return order;
  }
  return cut(std::vector<engine::Token>(16 * kWindows, 1), {.ctx_size = 16, .seed = seed})->order;
}

/// Share of the orders in which reading stops certain that the loss is under the line; it is over.
/// `rounds` of the strata are read before (score_pairs.cpp: kRoundsToClear).
double overlooked(int bad, bool together, bool stratified, int rounds = 2) {
  const auto loss = losses(bad, together);
  EXPECT_GT(std::accumulate(loss.begin(), loss.end(), 0.0) / kWindows, kLine);
  int wrong = 0;
  for (int seed = 0; seed < kOrders; ++seed) {
    numeric::ConfidenceSequence sequence(numeric::kConfidence);
    for (const std::int32_t w : order_of(stratified, static_cast<std::uint64_t>(seed))) {
      sequence.add(loss[static_cast<std::size_t>(w)]);
      const auto now = sequence.interval();
      if (!now || (now->low <= kLine && kLine <= now->high)) continue;
      if (now->high < kLine && sequence.count() < rounds * kStrata) continue;
      wrong += now->high < kLine ? 1 : 0;
      break;
    }
  }
  const double share = static_cast<double>(wrong) / kOrders;
  std::printf("%2d bad windows of %d, %s, %s, at least %d read: overlooked in %.0f %% of orders\n",
              bad, kWindows, together ? "together" : "spread", stratified ? "stratified" : "random",
              rounds * kStrata, 100 * share);
  return share;
}

TEST(OrderSimulation, a_bad_part_of_the_text_as_long_as_a_stratum_is_seldom_overlooked) {
  EXPECT_LE(overlooked(15, true, true), 0.10);
  EXPECT_GE(overlooked(15, true, false, 1), 0.30);
  EXPECT_EQ(overlooked(30, true, true), 0);
  EXPECT_GT(overlooked(30, true, false, 1), 0.05);
}

// No order helps against what is spread over the text: more of it must be read.
TEST(OrderSimulation, bad_windows_all_over_the_text_are_overlooked_less_by_the_second_round) {
  for (const int bad : {6, 12, 24})
    EXPECT_LE(overlooked(bad, false, true), 0.7 * overlooked(bad, false, false, 1));
}

}  // namespace
}  // namespace qualm::evaluate
