#include "evaluate/score_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "reference_score.h"

namespace qualm::evaluate {
namespace {

using test::reference_score;

std::vector<float> random_row(std::mt19937& random, std::int64_t n, float scale) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> row(static_cast<std::size_t>(n));
  for (float& x : row) x = normal(random);
  return row;
}

std::vector<float> disturbed(std::mt19937& random, std::vector<float> row, float scale) {
  std::normal_distribution<float> normal(0, scale);
  for (float& x : row) x += normal(random);
  return row;
}

Score score_one(const std::vector<float>& p, const std::vector<float>& q, engine::Token target) {
  std::vector<Score> out(1);
  score_rows(p, q, static_cast<std::int64_t>(p.size()), std::vector{target}, 1, out);
  return out[0];
}

/// The kernel sums in double and returns kld, delta_p and confidence as float.
void expect_close(const Score& score, const test::ReferenceScore& truth) {
  const auto near = [](double value, long double expected, double relative, double absolute) {
    const auto e = static_cast<double>(expected);
    EXPECT_NEAR(value, e, relative * std::abs(e) + absolute);
  };
  EXPECT_TRUE(score.finite);
  near(score.nll_p, truth.nll_p, 1e-14, 1e-13);
  near(score.nll_q, truth.nll_q, 1e-14, 1e-13);
  near(static_cast<double>(score.kld), truth.kld, 1.2e-7, 1e-13);
  near(static_cast<double>(score.delta_p), truth.delta_p, 1.2e-7, 1e-15);
  near(static_cast<double>(score.confidence), truth.confidence, 1.2e-7, 0);
  EXPECT_EQ(score.same_top, truth.same_top);
}

TEST(ScoreRows, random_rows_agree_with_the_definition_in_long_double) {
  std::mt19937 random(1);
  for (const std::int64_t n : {1, 2, 7, 8, 9, 15, 16, 17, 1000, 4096, 32000, 151936}) {
    const int repeats = n > 10000 ? 2 : 50;
    for (int repeat = 0; repeat < repeats; ++repeat) {
      for (const float noise : {0.001F, 0.1F, 3.0F}) {
        const auto p = random_row(random, n, 4);
        const auto q = disturbed(random, p, noise);
        const auto target = static_cast<engine::Token>(random() % static_cast<std::uint64_t>(n));
        SCOPED_TRACE(testing::Message() << n << " logits, noise " << noise);
        expect_close(score_one(p, q, target), reference_score(p, q, target));
      }
    }
  }
}

TEST(ScoreRows, extreme_logits_neither_overflow_nor_lose_the_answer) {
  std::mt19937 random(2);
  for (int repeat = 0; repeat < 50; ++repeat) {
    auto p = random_row(random, 33, 1);
    auto q = random_row(random, 33, 1);
    p[3] = 1e4F;
    p[20] = -1e4F;
    q[20] = 1e4F;
    q[3] = -1e4F;
    for (const engine::Token target : {3, 20, 7})
      expect_close(score_one(p, q, target), reference_score(p, q, target));
  }
  const std::vector<float> p{1e4F, -1e4F};
  const std::vector<float> q{-1e4F, 1e4F};
  EXPECT_FLOAT_EQ(score_one(p, q, 0).kld, 2e4F);
}

TEST(ScoreRows, identical_rows_give_a_kld_of_exactly_zero_and_the_same_top) {
  std::mt19937 random(3);
  for (const std::int64_t n : {1, 7, 8, 9, 1000, 151936}) {
    for (const float scale : {0.01F, 4.0F, 3000.0F}) {
      const auto p = random_row(random, n, scale);
      const Score score = score_one(p, p, static_cast<engine::Token>(n - 1));
      EXPECT_EQ(score.kld, 0.0F);
      EXPECT_EQ(score.delta_p, 0.0F);
      EXPECT_EQ(score.nll_p, score.nll_q);
      EXPECT_TRUE(score.same_top);
    }
  }
}

TEST(ScoreRows, kld_is_never_negative) {
  std::mt19937 random(4);
  for (int repeat = 0; repeat < 2000; ++repeat) {
    const auto p = random_row(random, 50, 2);
    EXPECT_GE(score_one(p, disturbed(random, p, 1e-6F), 0).kld, 0.0F);
  }
}

TEST(ScoreRows, a_nan_or_an_infinity_anywhere_in_either_row_is_flagged) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t n : {1U, 7U, 16U, 37U}) {
    for (std::size_t at = 0; at < n; ++at) {
      for (const float bad : {nan, -nan, infinity, -infinity}) {
        const std::vector<float> good(n, 1.0F);
        auto broken = good;
        broken[at] = bad;
        for (const Score& score : {score_one(good, broken, 0), score_one(broken, good, 0)}) {
          EXPECT_FALSE(score.finite);
          EXPECT_EQ(score.nll_p, 0);
          EXPECT_EQ(score.nll_q, 0);
          EXPECT_EQ(score.kld, 0);
        }
      }
    }
  }
}

TEST(ScoreRows, the_largest_float_is_finite) {
  const float largest = std::numeric_limits<float>::max();
  const Score score = score_one({largest, -largest, 0}, {largest, -largest, 0}, 0);
  EXPECT_TRUE(score.finite);
  EXPECT_EQ(score.nll_q, 0);
}

TEST(ScoreRows, ties_go_to_the_first_of_the_largest) {
  const std::vector<float> first{0, 5, 5, 1};
  EXPECT_TRUE(score_one(first, {0, 6, 0, 0}, 0).same_top);
  EXPECT_FALSE(score_one(first, {0, 0, 6, 0}, 0).same_top);
  EXPECT_FALSE(score_one({0, 0, 6, 0}, first, 0).same_top);
  std::vector<float> late(40, 0.0F);
  late[17] = late[35] = 2.0F;
  std::vector<float> only(40, 0.0F);
  only[17] = 1.0F;
  EXPECT_TRUE(score_one(late, only, 0).same_top);
}

TEST(ScoreRows, a_target_outside_the_vocabulary_is_flagged) {
  const std::vector<float> row{1, 2, 3};
  EXPECT_FALSE(score_one(row, row, -1).finite);
  EXPECT_FALSE(score_one(row, row, 3).finite);
  EXPECT_FALSE(score_one(row, row, std::numeric_limits<engine::Token>::max()).finite);
  EXPECT_TRUE(score_one(row, row, 2).finite);
}

TEST(ScoreRows, any_number_of_threads_gives_the_same_bits_and_keeps_the_positions) {
  std::mt19937 random(5);
  constexpr std::int64_t kVocab = 257;
  constexpr std::int64_t kRows = 203;
  const auto p = random_row(random, kRows * kVocab, 3);
  const auto q = disturbed(random, p, 0.3F);
  std::vector<engine::Token> targets;
  std::vector<Score> empty;
  for (std::int32_t i = 0; i < kRows; ++i) {
    targets.push_back(static_cast<engine::Token>(random() % kVocab));
    empty.push_back({.position = 1000 + i});
  }
  auto alone = empty;
  score_rows(p, q, kVocab, targets, 1, alone);
  for (const std::int32_t threads : {-1, 0, 2, 3, 8, 1000}) {
    auto together = empty;
    score_rows(p, q, kVocab, targets, threads, together);
    for (std::size_t i = 0; i < together.size(); ++i) {
      EXPECT_EQ(together[i].position, 1000 + static_cast<std::int32_t>(i));
      EXPECT_EQ(together[i].nll_p, alone[i].nll_p);
      EXPECT_EQ(together[i].nll_q, alone[i].nll_q);
      EXPECT_EQ(together[i].kld, alone[i].kld);
      EXPECT_EQ(together[i].delta_p, alone[i].delta_p);
      EXPECT_EQ(together[i].confidence, alone[i].confidence);
      EXPECT_EQ(together[i].same_top, alone[i].same_top);
    }
  }
}

TEST(ScoreRows, no_rows_are_no_work) {
  std::vector<Score> none;
  score_rows({}, {}, 5, {}, 4, none);
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace qualm::evaluate
