#include "evaluate/kept_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "evaluate/score_rows.h"
#include "numeric/random.h"

namespace qualm::evaluate {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Logits of one row, each with its own number.
std::vector<float> row_of(std::size_t n, const std::function<double(std::size_t)>& logit) {
  std::vector<float> row(n);
  for (std::size_t v = 0; v < n; ++v) row[v] = static_cast<float>(logit(v));
  return row;
}

std::vector<float> random_row(std::size_t n, double scale, std::uint64_t seed) {
  numeric::Random random(seed);
  return row_of(n, [&](std::size_t) { return scale * (2 * random.uniform() - 1); });
}

std::vector<float> moved(const std::vector<float>& row, double by, std::uint64_t seed) {
  numeric::Random random(seed);
  return row_of(row.size(), [&](std::size_t v) {
    return static_cast<double>(row[v]) + by * (2 * random.uniform() - 1);
  });
}

KeptRow kept(const std::vector<float>& p, engine::Token target, std::uint64_t seed) {
  std::vector<KeptRow> out(1);
  keep_rows({p, static_cast<std::int64_t>(p.size()), std::span(&target, 1)}, std::span(&seed, 1), 1,
            out);
  return out.front();
}

Score against(const KeptRow& row, const std::vector<float>& q, engine::Token target) {
  std::vector<Score> out{{.position = 7}};
  const KeptRow* rows[] = {&row};
  score_kept(rows, {q, static_cast<std::int64_t>(q.size()), std::span(&target, 1)}, 1, out);
  return out.front();
}

Score exact(const std::vector<float>& p, const std::vector<float>& q, engine::Token target) {
  std::vector<Score> out(1);
  score_rows(p, q, static_cast<std::int64_t>(p.size()), std::span(&target, 1), 1, out);
  return out.front();
}

TEST(KeptRows, hold_all_but_a_thousandth_of_the_mass_where_few_tokens_do) {
  const auto p = row_of(50'000, [](std::size_t v) { return v < 10 ? 20.0 : 0.0; });
  const KeptRow row = kept(p, 3, 1);
  EXPECT_EQ(row.tokens.size(), 10U);
  EXPECT_EQ(row.top.token, 0);
  const double total = 10 * std::exp(20.0) + 49'990;
  EXPECT_NEAR(row.rest, 49'990 / total, 1e-9);
  EXPECT_NEAR(row.nll, std::log(total) - 20, 1e-9);
  EXPECT_EQ(row.drawn.size(), kDraws);
  for (const TokenLogP& at : row.drawn) EXPECT_GE(at.token, 10);
}

TEST(KeptRows, hold_no_more_tokens_than_they_may) {
  const KeptRow row = kept(random_row(50'000, 4, 1), 0, 1);
  EXPECT_LE(row.tokens.size(), static_cast<std::size_t>(kMostTokens));
  EXPECT_GT(row.tokens.size(), 500U);
  double mass = row.rest;
  for (const TokenLogP& at : row.tokens) mass += std::exp(static_cast<double>(at.log_p));
  EXPECT_NEAR(mass, 1, 1e-6);
}

TEST(KeptRows, give_all_but_the_divergence_exactly) {
  const auto p = random_row(5000, 6, 1);
  const auto q = moved(p, 1, 2);
  const Score truth = exact(p, q, 77);
  const Score score = against(kept(p, 77, 1), q, 77);
  EXPECT_NEAR(score.nll_p, truth.nll_p, 1e-9);
  EXPECT_NEAR(score.nll_q, truth.nll_q, 1e-9);
  EXPECT_NEAR(static_cast<double>(score.delta_p), static_cast<double>(truth.delta_p), 1e-7);
  EXPECT_NEAR(static_cast<double>(score.confidence), static_cast<double>(truth.confidence), 1e-7);
  EXPECT_EQ(score.same_top, truth.same_top);
  EXPECT_EQ(score.position, 7);
}

TEST(KeptRows, of_themselves_have_no_divergence) {
  for (const double scale : {1.0, 8.0, 30.0}) {
    const auto p = random_row(30'000, scale, 5);
    EXPECT_NEAR(static_cast<double>(against(kept(p, 1, 9), p, 1).kld), 0, 1e-6) << scale;
  }
}

/// Mean and standard error of the estimate over many draws of the same row.
struct Estimates {
  double mean = 0;
  double error = 0;
  double deviation = 0;
};
Estimates estimates(const std::vector<float>& p, const std::vector<float>& q) {
  std::vector<double> all;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    all.push_back(static_cast<double>(against(kept(p, 0, seed * 1000), q, 0).kld));
  Estimates found;
  found.mean = std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
  double squares = 0;
  for (const double one : all) squares += (one - found.mean) * (one - found.mean);
  found.deviation = std::sqrt(squares / static_cast<double>(all.size() - 1));
  found.error = found.deviation / std::sqrt(static_cast<double>(all.size()));
  return found;
}

// A flat row: over half of the mass is in the rest, from small to ruinous differences.
TEST(KeptRows, estimate_the_divergence_without_bias) {
  const auto p = random_row(20'000, 1.5, 11);
  EXPECT_GT(kept(p, 0, 1).rest, 0.5);
  for (const double by : {0.05, 0.3, 1.0, 4.0}) {
    const auto q = moved(p, by, 12);
    const auto truth = static_cast<double>(exact(p, q, 0).kld);
    const Estimates found = estimates(p, q);
    EXPECT_NEAR(found.mean, truth, 4 * found.error + 1e-6) << by;
    EXPECT_LT(found.error, 0.02 * truth) << by;  // or the line above says nothing
  }
}

// A candidate that gives much of its mass to one token that the original nearly excludes: no draw
// ever sees that token.
TEST(KeptRows, do_not_miss_mass_that_went_where_the_original_has_none) {
  auto p = random_row(20'000, 2, 11);
  for (std::size_t v = 0; v < 50; ++v) p[v] = 12;
  p[777] = -10;
  for (const double moved_mass : {0.1, 0.5}) {
    auto q = p;
    double total = 0;
    for (const float logit : p) total += std::exp(static_cast<double>(logit));
    q[777] = static_cast<float>(std::log(total * moved_mass / (1 - moved_mass)));
    const auto truth = static_cast<double>(exact(p, q, 0).kld);
    EXPECT_GT(truth, 0.1);
    EXPECT_NEAR(estimates(p, q).mean, truth, 0.02 * truth) << moved_mass;
  }
}

// A uniform difference of +-0.05 has a plain deviation of 0.029 a draw.
TEST(KeptRows, know_most_of_what_the_draws_add_where_the_difference_is_small) {
  const auto p = random_row(20'000, 1.5, 11);
  const auto q = moved(p, 0.05, 12);
  const double plain = 0.05 / std::sqrt(3.0) * kept(p, 0, 1).rest / std::sqrt(double{kDraws});
  EXPECT_LT(estimates(p, q).deviation, 0.1 * plain);
}

TEST(KeptRows, with_a_logit_that_is_not_finite_say_whose_it_was) {
  const auto good = random_row(100, 2, 1);
  auto bad = good;
  bad[5] = kNan;
  const Score lost = against(kept(good, 0, 1), bad, 0);
  EXPECT_FALSE(lost.finite);
  EXPECT_TRUE(lost.lost);
  const Score originals = against(kept(bad, 0, 1), good, 0);
  EXPECT_FALSE(originals.finite);
  EXPECT_FALSE(originals.lost);
}

TEST(KeptRows, of_a_token_outside_of_the_vocabulary_are_not_finite) {
  const auto p = random_row(100, 2, 1);
  EXPECT_FALSE(kept(p, 100, 1).finite);
  EXPECT_FALSE(kept(p, -1, 1).finite);
}

TEST(KeptRows, do_not_depend_on_the_threads) {
  const auto p = random_row(64 * 500, 3, 1);
  const auto q = moved(p, 0.5, 2);
  std::vector<engine::Token> targets(64, 3);
  std::vector<std::uint64_t> seeds(64);
  std::iota(seeds.begin(), seeds.end(), 0U);
  std::vector<std::vector<Score>> all;
  for (const int threads : {1, 4}) {
    std::vector<KeptRow> rows(64);
    keep_rows({p, 500, targets}, seeds, threads, rows);
    std::vector<const KeptRow*> pointers;
    for (const KeptRow& row : rows) pointers.push_back(&row);
    all.emplace_back(64);
    score_kept(pointers, {q, 500, targets}, threads, all.back());
  }
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(all[0][i].kld, all[1][i].kld);
}

}  // namespace
}  // namespace qualm::evaluate
