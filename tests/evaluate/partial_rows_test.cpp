#include "evaluate/partial_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "evaluate/score_rows.h"
#include "numeric/random.h"

namespace qualm::evaluate {
namespace {

using Logits = std::vector<float>;

/// Two rows, and the token that follows.
struct Rows {
  Logits p;
  Logits q;
  engine::Token target = 0;

  [[nodiscard]] Score exact() const {
    std::vector<Score> out(1);
    score_rows(p, q, static_cast<std::int64_t>(p.size()), std::span(&target, 1), 1, out);
    return out.front();
  }
  [[nodiscard]] KeptRow kept(std::uint64_t seed = 1) const {
    std::vector<KeptRow> out(1);
    keep_rows({p, static_cast<std::int64_t>(p.size()), std::span(&target, 1)}, std::span(&seed, 1),
              1, out);
    return out.front();
  }
  [[nodiscard]] double log_q(engine::Token token) const {
    double sum = 0;
    for (const float logit : q) sum += std::exp(static_cast<double>(logit));
    return static_cast<double>(q[static_cast<std::size_t>(token)]) - std::log(sum);
  }
  /// As a server tells it that lists so many tokens.
  [[nodiscard]] PartialRow told(std::size_t tops) const {
    std::vector<engine::Token> order(q.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater(), [&](engine::Token token) {
      return q[static_cast<std::size_t>(token)];
    });
    PartialRow row{.target_log_p = log_q(target), .tokens = {}};
    for (std::size_t i = 0; i < std::min(tops, order.size()); ++i)
      row.tokens.push_back({order[i], static_cast<float>(log_q(order[i]))});
    return row;
  }
};

/// Tails: how much likelier the likeliest tokens are than the others.
Rows random_rows(std::size_t size, double tail, double noise, std::uint64_t seed) {
  numeric::Random random(seed);
  Rows rows{Logits(size), Logits(size)};
  for (std::size_t v = 0; v < size; ++v) {
    const double logit = -tail * std::log(1 + static_cast<double>(v)) + random.uniform();
    rows.p[v] = static_cast<float>(logit);
    rows.q[v] = static_cast<float>(logit + noise * (2 * random.uniform() - 1));
  }
  rows.target = static_cast<engine::Token>(random.below(size));
  return rows;
}

/// The estimate beside the truth, over many draws.
struct Judged {
  double truth = 0;
  double mean = 0;
  double error = 0;  ///< standard error of the mean
};

/// Each draw has a row of its own that is kept, and a point of its own.
Judged judged(const Rows& rows, std::size_t tops, std::uint64_t draws) {
  const PartialRow told = rows.told(tops);
  double sum = 0;
  double squares = 0;
  numeric::Random random(99);
  for (std::uint64_t seed = 1; seed <= draws; ++seed) {
    const KeptRow kept = rows.kept(seed);
    const PartialScore partial = score_partial(kept, told, rows.target);
    const auto drawn = draw_unknown(kept, partial, random.uniform());
    const double kld = drawn ? kld_with(partial, *drawn, rows.log_q(drawn->token))
                             : static_cast<double>(partial.score.kld);
    sum += kld;
    squares += kld * kld;
  }
  const auto n = static_cast<double>(draws);
  const double variance = std::max(0.0, squares / n - (sum / n) * (sum / n));
  return {static_cast<double>(rows.exact().kld), sum / n, std::sqrt(variance / n)};
}

/// No more than four standard errors off, and rounding.
void expect_unbiased(const Rows& rows, std::size_t tops) {
  const Judged found = judged(rows, tops, 4000);
  EXPECT_NEAR(found.mean, found.truth, 4 * found.error + 1e-6) << tops << " told";
}

TEST(PartialRows, all_but_the_kld_is_exact) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Rows rows = random_rows(300, 1 + 0.02 * static_cast<double>(seed), 1, seed);
    const Score exact = rows.exact();
    const Score found = score_partial(rows.kept(), rows.told(8), rows.target).score;
    EXPECT_NEAR(found.nll_p, exact.nll_p, 1e-9);
    EXPECT_NEAR(found.nll_q, exact.nll_q, 1e-6);
    EXPECT_NEAR(found.delta_p, exact.delta_p, 1e-6);
    EXPECT_NEAR(found.confidence, exact.confidence, 1e-6);
    EXPECT_EQ(found.same_top, exact.same_top);
    EXPECT_TRUE(found.finite);
  }
}

TEST(PartialRows, the_bound_is_never_above_the_kld) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed)
    for (const std::size_t tops : {1, 5, 40, 128}) {
      const Rows rows = random_rows(400, 0.01 * static_cast<double>(seed % 200), 1.5, seed);
      EXPECT_LE(score_partial(rows.kept(), rows.told(tops), rows.target).score.kld,
                rows.exact().kld + 2e-6F)
          << seed << ", " << tops << " told";
    }
}

TEST(PartialRows, nor_where_the_candidate_likes_what_the_original_excludes) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Rows rows = random_rows(400, 6, 0.5, seed);
    rows.q[300] = rows.q[0] + 1;
    const PartialScore found = score_partial(rows.kept(), rows.told(40), rows.target);
    EXPECT_LE(found.score.kld, rows.exact().kld + 2e-6F) << seed;
    EXPECT_FALSE(found.score.same_top);
  }
}

TEST(PartialRows, what_is_known_whole_has_its_kld) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const Rows rows = random_rows(60, 0.2, 1, seed);  // so flat a row is kept whole
    const KeptRow kept = rows.kept();
    ASSERT_EQ(kept.tokens.size(), 60U);
    const PartialScore found = score_partial(kept, rows.told(60), rows.target);
    EXPECT_NEAR(found.score.kld, rows.exact().kld, 2e-6);
    EXPECT_LT(found.rest_p, 1e-5);
  }
}

TEST(PartialRows, the_same_model_has_none) {
  Rows rows = random_rows(400, 1, 0, 7);
  EXPECT_NEAR(score_partial(rows.kept(), rows.told(20), rows.target).score.kld, 0, 1e-6);
  const Judged found = judged(rows, 20, 100);
  EXPECT_NEAR(found.mean, 0, 1e-6);
  EXPECT_NEAR(found.error, 0, 1e-6);
}

TEST(PartialRows, the_estimate_has_no_bias_where_tails_are_heavy) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const std::size_t tops : {5, 60}) expect_unbiased(random_rows(300, 0.3, 1, seed), tops);
}

TEST(PartialRows, nor_where_they_are_light) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const std::size_t tops : {2, 20}) expect_unbiased(random_rows(300, 3, 1, seed), tops);
}

TEST(PartialRows, nor_where_the_original_keeps_a_part_alone) {
  const Rows rows = random_rows(300, 5, 1, 3);
  ASSERT_LT(rows.kept().tokens.size(), 100U);
  ASSERT_FALSE(rows.kept().drawn.empty());
  expect_unbiased(rows, 1);
}

TEST(PartialRows, nor_where_the_candidate_likes_what_the_original_excludes_twice) {
  Rows rows = random_rows(300, 5, 1, 3);
  rows.target = 0;
  rows.q[150] = rows.q[0] - 1;  // in the list of the server; the original's draws meet it at times
  rows.q[160] = rows.q[0] - 2;
  const PartialScore partial = score_partial(rows.kept(), rows.told(2), rows.target);
  EXPECT_FALSE(partial.excluded.empty());
  expect_unbiased(rows, 3);
}

TEST(PartialRows, a_token_that_is_known_is_not_drawn) {
  const Rows rows = random_rows(300, 1, 1, 5);
  const KeptRow kept = rows.kept();
  const PartialScore partial = score_partial(kept, rows.told(100), rows.target);
  numeric::Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto drawn = draw_unknown(kept, partial, random.uniform());
    ASSERT_TRUE(drawn);
    EXPECT_FALSE(std::ranges::binary_search(partial.known, drawn->token));
  }
}

TEST(PartialRows, tokens_are_drawn_as_often_as_the_original_has_them) {
  const Rows rows = random_rows(20, 1, 1, 5);
  const KeptRow kept = rows.kept();
  const PartialScore partial = score_partial(kept, rows.told(4), rows.target);
  std::vector<int> met(20);
  constexpr int kDrawn = 20'000;
  for (int i = 0; i < kDrawn; ++i)
    ++met[static_cast<std::size_t>(draw_unknown(kept, partial, (i + 0.5) / kDrawn)->token)];
  for (const TokenLogP& one : kept.tokens) {
    const bool known = std::ranges::binary_search(partial.known, one.token);
    const double p = std::exp(static_cast<double>(one.log_p)) / partial.rest_p;
    EXPECT_NEAR(met[static_cast<std::size_t>(one.token)], known ? 0 : p * kDrawn, 2) << one.token;
  }
}

}  // namespace
}  // namespace qualm::evaluate
