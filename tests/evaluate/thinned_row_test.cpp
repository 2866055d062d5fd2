#include "evaluate/thinned_row.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "evaluate/score_rows.h"
#include "numeric/sum.h"

namespace qualm::evaluate {
namespace {

constexpr std::size_t kTokens = 3000;
constexpr std::size_t kMost = 128;

std::vector<float> noisy(double scale, std::uint64_t seed) {
  numeric::Random random(seed);
  std::vector<float> row(kTokens);
  for (float& logit : row) logit = static_cast<float>(scale * (2 * random.uniform() - 1));
  return row;
}

KeptRow kept_of(const std::vector<float>& p, std::uint64_t seed) {
  const engine::Token target = 5;
  std::vector<KeptRow> out(1);
  keep_rows({p, static_cast<std::int64_t>(p.size()), std::span(&target, 1)}, std::span(&seed, 1), 1,
            out);
  return out.front();
}

double kld_to(const KeptRow& row, const std::vector<float>& q) {
  const engine::Token target = 5;
  std::vector<Score> out(1);
  const KeptRow* rows[] = {&row};
  score_kept(rows, {q, static_cast<std::int64_t>(q.size()), std::span(&target, 1)}, 1, out);
  return static_cast<double>(out.front().kld);
}

double exact_kld(const std::vector<float>& p, const std::vector<float>& q) {
  const engine::Token target = 5;
  std::vector<Score> out(1);
  score_rows(p, q, static_cast<std::int64_t>(p.size()), std::span(&target, 1), 1, out);
  return static_cast<double>(out.front().kld);
}

TEST(ThinnedRow, holds_the_likeliest_tokens_and_all_of_the_mass) {
  const KeptRow row = thinned(kept_of(noisy(3, 1), 1), kMost, numeric::Random(1));
  ASSERT_EQ(row.tokens.size(), kMost);
  EXPECT_EQ(row.tokens.front().token, row.top.token);
  double mass = row.rest;
  for (const TokenLogP& at : row.tokens) mass += std::exp(static_cast<double>(at.log_p));
  EXPECT_NEAR(mass, 1, 1e-6);
  EXPECT_EQ(row.drawn.size(), kDraws);
  for (const TokenLogP& at : row.drawn) EXPECT_LE(at.log_p, row.tokens.back().log_p);
}

TEST(ThinnedRow, keeps_a_row_that_is_small_enough) {
  std::vector<float> p(kTokens, 0.0F);
  for (std::size_t v = 0; v < 10; ++v) p[v] = 20;
  const KeptRow before = kept_of(p, 1);
  const KeptRow after = thinned(before, kMost, numeric::Random(1));
  EXPECT_EQ(after.tokens.size(), before.tokens.size());
  EXPECT_EQ(after.rest, before.rest);
}

TEST(ThinnedRow, estimates_the_divergence_without_bias) {
  const auto p = noisy(3, 1);
  auto q = p;
  const auto moves = noisy(0.5, 2);
  for (std::size_t v = 0; v < q.size(); ++v) q[v] += moves[v];
  numeric::Sum sum;
  numeric::Sum squares;
  constexpr int kTimes = 400;
  for (int i = 0; i < kTimes; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    const double kld = kld_to(thinned(kept_of(p, seed), kMost, numeric::Random(seed + 7)), q);
    sum.add(kld);
    squares.add(kld * kld);
  }
  const double mean = sum.value() / kTimes;
  const double error = std::sqrt((squares.value() / kTimes - mean * mean) / kTimes);
  EXPECT_NEAR(mean, exact_kld(p, q), 4 * error);
  EXPECT_LT(error, 0.2 * exact_kld(p, q));
}

TEST(ThinnedRow, holds_the_top_token_of_a_flat_row_too) {
  const auto p = noisy(0.01, 3);
  const KeptRow before = kept_of(p, 1);
  ASSERT_TRUE(before.tokens.empty());
  const KeptRow row = thinned(before, kMost, numeric::Random(1));
  ASSERT_EQ(row.tokens.size(), 1U);
  EXPECT_EQ(row.tokens.front().token, before.top.token);
  EXPECT_NEAR(row.rest + std::exp(static_cast<double>(before.top.log_p)), 1, 1e-6);
}

TEST(ThinnedRow, leaves_a_row_that_is_not_finite_as_it_is) {
  const KeptRow row = thinned(KeptRow{.finite = false}, kMost, numeric::Random(1));
  EXPECT_FALSE(row.finite);
  EXPECT_TRUE(row.tokens.empty());
}

}  // namespace
}  // namespace qualm::evaluate
