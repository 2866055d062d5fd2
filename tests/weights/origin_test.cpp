#include "weights/origin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "codec/numbers.h"
#include "support/checkpoints.h"
#include "weights/regression.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

using test::float_tensor;
using test::made_from;
using test::noise;
using test::plus;
using test::values_of;

/// Four matrices and two norms.
model::Checkpoint base_model() {
  model::Checkpoint made;
  for (std::uint32_t i = 0; i < 4; ++i)
    made.tensors.push_back(float_tensor("blk." + std::to_string(i) + ".attn_q.weight", {64, 128},
                                        noise(64 * 128, 0.05, 10 + i)));
  for (std::uint32_t i = 0; i < 2; ++i)
    made.tensors.push_back(float_tensor("blk." + std::to_string(i) + ".attn_norm.weight", {64},
                                        plus(std::vector<float>(64, 1), 0.1, noise(64, 1, i))));
  return made;
}

/// Moves every tensor of `from` by `factor` times a direction of its own.
model::Checkpoint moved(const model::Checkpoint& from, double factor, std::uint32_t seed) {
  return made_from(from, [&](const model::Tensor& tensor) {
    const auto values = values_of(tensor);
    return plus(values, factor, noise(values.size(), 0.05, ++seed));
  });
}

/// Rounds matrices to `levels` levels a side with a scale for 32 weights, as Q4_0 does; with few
/// levels it shrinks.
model::Checkpoint rounded(const model::Checkpoint& from, int levels) {
  return made_from(from, [&](const model::Tensor& tensor) {
    auto values = values_of(tensor);
    if (tensor.row_count() == 1) return values;
    for (std::size_t block = 0; block < values.size(); block += 32) {
      float largest = 0;
      for (std::size_t i = 0; i < 32; ++i) largest = std::max(largest, std::abs(values[block + i]));
      const float step = largest / static_cast<float>(levels);
      for (std::size_t i = 0; i < 32; ++i)
        values[block + i] = step * std::round(values[block + i] / step);
    }
    return values;
  });
}

Provenance examined(const model::Checkpoint& candidate, const model::Checkpoint& tuned,
                    const model::Checkpoint* base, int threads = 1) {
  Progress progress;
  auto found = provenance(candidate, tuned, base, threads, progress);
  EXPECT_TRUE(found) << describe(found.error());
  return found.value_or(Provenance{});
}

class Roundings : public ::testing::TestWithParam<int> {};

TEST_P(Roundings, of_the_fine_tune_the_base_and_a_merge_are_told_apart) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  const auto merged = made_from(base, [&](const model::Tensor& tensor) {
    const auto b = values_of(tensor);
    return plus(plus(b, 0.5, values_of(*tuned.find(tensor.name))), -0.5, b);
  });
  struct Case {
    const model::Checkpoint* from;
    double alpha;
    Origin origin;
  };
  for (const Case& one : {Case{&tuned, 1, Origin::fine_tune}, Case{&base, 0, Origin::base},
                          Case{&merged, 0.5, Origin::merge}}) {
    const auto found = examined(rounded(*one.from, GetParam()), tuned, &base);
    EXPECT_EQ(found.origin, one.origin) << to_string(found.origin);
    ASSERT_TRUE(found.alpha);
    EXPECT_NEAR(found.alpha->value, one.alpha, 0.1);
    EXPECT_LE(found.alpha->low, one.alpha + 0.01);
    EXPECT_GE(found.alpha->high, one.alpha - 0.01);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, Roundings, ::testing::Values(127, 7, 3, 1));

TEST(Provenance, the_gain_takes_up_what_a_coarse_grid_shrinks) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  const auto shrunk = made_from(tuned, [](const model::Tensor& tensor) {
    const auto values = values_of(tensor);
    return tensor.row_count() == 1 ? values : plus(values, -0.3, values);  // 0.7 of each weight
  });
  const auto found = examined(shrunk, tuned, &base);
  EXPECT_NEAR(found.tensors[0].gain, 0.7, 1e-3);
  EXPECT_NEAR(found.alpha->value, 1, 1e-3);
  EXPECT_EQ(found.origin, Origin::fine_tune);
}

TEST(Provenance, an_unrelated_model_is_neither) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  auto other = base_model();
  std::uint32_t seed = 900;
  other = made_from(other, [&](const model::Tensor& tensor) {
    return noise(static_cast<std::size_t>(tensor.parameters()), 0.05, ++seed);
  });
  const auto found = examined(other, tuned, &base);
  EXPECT_EQ(found.origin, Origin::neither) << to_string(found.origin);
  EXPECT_GT(*found.residual_share, 0.9);
}

TEST(Provenance, a_sibling_is_betrayed_by_its_norms) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.01, 500);
  const auto sibling = moved(base, 0.01, 700);  // as far away, in another direction
  const auto found = examined(rounded(sibling, 3), tuned, &base);
  EXPECT_EQ(found.unquantized.neither, 2);
  EXPECT_NE(found.origin, Origin::fine_tune);
  EXPECT_NE(found.origin, Origin::base);
}

TEST(Provenance, norms_rounded_to_f16_and_then_to_bf16_are_still_the_same) {
  const auto base = base_model();
  auto tuned = moved(base, 0.1, 500);
  for (auto& tensor : tuned.tensors)  // both roundings go the same way: 1.1 * 2^-8
    if (tensor.row_count() == 1)
      tensor = float_tensor(tensor.name, tensor.dims, std::vector<float>(64, 1.004394F));
  auto written = rounded(tuned, 7);
  for (auto& tensor : written.tensors) {
    if (tensor.row_count() > 1) continue;
    auto values = values_of(tensor);
    for (float& value : values)
      value = codec::float_from_bf16(codec::bf16_from_float(codec::round_to_half(value)));
    tensor = float_tensor(tensor.name, tensor.dims, std::move(values));
    tensor.encoding = {"BF16", 30};
  }
  const auto found = examined(written, tuned, &base);
  EXPECT_EQ(found.unquantized.fine_tune, 2) << to_string(found.origin);
}

/// As AutoAWQ does it: the norm divided by s, the columns it feeds multiplied.
model::Checkpoint folded(const model::Checkpoint& from, float least = 0.5F, float step = 1) {
  return made_from(from, [&](const model::Tensor& tensor) {
    auto values = values_of(tensor);
    const bool norm = tensor.row_count() == 1;
    if (!norm && !from.find(tensor.name.substr(0, 6) + "attn_norm.weight")) return values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float s = least + step * static_cast<float>(i % 64 % 7);
      values[i] = norm ? values[i] / s : values[i] * s;
    }
    return values;
  });
}

TEST(Provenance, scales_that_awq_folded_do_not_hide_whose_the_weights_are) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  const auto of_tuned = examined(folded(tuned), tuned, &base);
  EXPECT_EQ(of_tuned.origin, Origin::fine_tune) << to_string(of_tuned.origin);
  EXPECT_EQ(of_tuned.unscaled, 4);  // two norms, which are no witnesses then, and two matrices
  EXPECT_EQ(of_tuned.unquantized.count(), 0);
  EXPECT_EQ(examined(folded(base), tuned, &base).origin, Origin::base);
}

TEST(Provenance, mild_folding_of_the_base_is_undone_against_the_base) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.3, 500);  // so far away that undoing hardly helps against it
  const auto found = examined(folded(base, 0.7F, 0.1F), tuned, &base);
  EXPECT_EQ(found.origin, Origin::base) << to_string(found.origin);
  EXPECT_EQ(found.unscaled, 4);
}

TEST(Provenance, models_that_do_not_differ_cannot_be_told_apart) {
  const auto base = base_model();
  const auto found = examined(rounded(base, 7), base, &base);
  EXPECT_EQ(found.origin, Origin::cannot_tell);
  EXPECT_FALSE(found.alpha);
  EXPECT_EQ(found.unquantized.same, 2);
}

TEST(Provenance, a_delta_below_the_smallest_is_not_told) {
  const auto base = base_model();
  auto tuned = moved(base, 1e-5, 500);
  for (auto& tensor : tuned.tensors)  // the norms give nothing away
    if (tensor.row_count() == 1) tensor = *base.find(tensor.name);
  const auto found = examined(rounded(base, 1), tuned, &base);
  EXPECT_EQ(found.origin, Origin::cannot_tell) << to_string(found.origin);
  EXPECT_GT(*found.smallest_delta, *found.delta);
}

TEST(Provenance, without_a_base_model_only_the_baseline_is_confirmed_or_denied) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  const auto own = examined(rounded(tuned, 7), tuned, nullptr);
  EXPECT_EQ(own.origin, Origin::fine_tune);
  EXPECT_FALSE(own.base_given);
  EXPECT_FALSE(own.alpha);
  EXPECT_EQ(examined(rounded(base, 7), tuned, nullptr).origin, Origin::cannot_tell);
  EXPECT_EQ(examined(moved(base, 10, 800), tuned, nullptr).origin, Origin::neither);
}

/// Eight matrices and four norms; `edit` changes the values of one of them.
model::Checkpoint edited(const std::string& name,
                         const std::function<void(std::vector<float>&)>& edit = nullptr) {
  model::Checkpoint made;
  const auto add = [&](const std::string& tensor, const std::vector<std::int64_t>& dims,
                       std::vector<float> values) {
    if (tensor == name && edit) edit(values);
    made.tensors.push_back(float_tensor(tensor, dims, std::move(values)));
  };
  for (std::uint32_t i = 0; i < 8; ++i)
    add("blk." + std::to_string(i) + ".attn_q.weight", {64, 128}, noise(64 * 128, 0.05, 10 + i));
  for (std::uint32_t i = 0; i < 4; ++i)
    add("blk." + std::to_string(i) + ".attn_norm.weight", {64},
        plus(std::vector<float>(64, 1), 0.1, noise(64, 1, i)));
  return made;
}

TEST(MismatchedTensor, a_matrix_that_holds_another_one_is_named_with_it) {
  const auto baseline = edited("");
  const auto found = examined(
      edited("blk.3.attn_q.weight", [](auto& values) { values = noise(64 * 128, 0.05, 15); }),
      baseline, nullptr);
  ASSERT_EQ(found.mismatched.size(), 1U);
  EXPECT_EQ(found.mismatched[0].tensor, "blk.3.attn_q.weight");
  EXPECT_EQ(found.mismatched[0].mismatch.kind, Mismatch::Kind::other_tensor);
  EXPECT_EQ(found.mismatched[0].mismatch.other, "blk.5.attn_q.weight");
  EXPECT_EQ(found.origin, Origin::fine_tune) << to_string(found.origin);
}

TEST(MismatchedTensor, rows_in_another_order_are_told) {
  const auto found =
      examined(edited("blk.3.attn_q.weight",
                      [](auto& values) { std::ranges::rotate(values, values.begin() + 64 * 64); }),
               edited(""), nullptr);
  ASSERT_EQ(found.mismatched.size(), 1U);
  EXPECT_EQ(found.mismatched[0].mismatch.kind, Mismatch::Kind::row_order);
}

TEST(MismatchedTensor, an_edited_norm_is_one_and_is_not_said_to_be_another_norm) {
  const auto found = examined(edited("blk.2.attn_norm.weight",
                                     [](auto& values) {
                                       for (float& value : values) value *= 1.3F;
                                     }),
                              edited(""), nullptr);
  ASSERT_EQ(found.mismatched.size(), 1U);
  EXPECT_EQ(found.mismatched[0].tensor, "blk.2.attn_norm.weight");
  EXPECT_EQ(found.mismatched[0].mismatch.kind, Mismatch::Kind::scaled);
  EXPECT_EQ(found.unquantized.neither, 0);
}

TEST(MismatchedTensor, an_edited_norm_is_told_by_what_was_done_to_it) {
  const auto with_norm = [](float factor, float shift) {
    return edited("blk.2.attn_norm.weight", [=](auto& values) {
      for (float& value : values) value = value * factor + shift;
    });
  };
  const auto mismatch = [&](float factor, float shift) {
    const auto found = examined(with_norm(factor, shift), edited(""), nullptr);
    return found.mismatched.size() == 1 ? found.mismatched[0].mismatch : Mismatch{};
  };
  EXPECT_EQ(mismatch(1.3F, 0).kind, Mismatch::Kind::scaled);
  EXPECT_NEAR(mismatch(1.3F, 0).number, 1.3, 1e-3);
  EXPECT_EQ(mismatch(1, -1).kind, Mismatch::Kind::shifted);
  EXPECT_NEAR(mismatch(1, -1).number, -1, 1e-3);
  EXPECT_EQ(mismatch(0, 0).kind, Mismatch::Kind::unknown);
  EXPECT_EQ(mismatch(0, 0).residual_share, 1);
}

TEST(MismatchedTensor, exchanged_layers_are_no_other_model_however_many) {
  const auto baseline = edited("");
  const auto found = examined(made_from(baseline,
                                        [&](const model::Tensor& tensor) {
                                          auto other = tensor.name;
                                          if (other[4] >= '2') other[4] ^= 1;  // 2 and 3, 4 and 5
                                          const auto* from = baseline.find(other);
                                          return values_of(from ? *from : tensor);
                                        }),
                              baseline, nullptr);
  EXPECT_EQ(found.origin, Origin::fine_tune) << to_string(found.origin);
  EXPECT_EQ(found.mismatched.size(), 8U);  // 6 of 8 matrices, 2 of 4 norms
  EXPECT_EQ(found.mismatched.front().mismatch.kind, Mismatch::Kind::other_tensor);
}

TEST(MismatchedTensor, a_few_rows_that_were_written_over_are_told_with_their_place) {
  const auto found = examined(edited("blk.3.attn_q.weight",
                                     [](auto& values) {
                                       const auto other = noise(2 * 64, 0.05, 77);
                                       std::ranges::copy(other, values.begin() + 20 * 64);
                                     }),
                              edited(""), nullptr);
  ASSERT_EQ(found.mismatched.size(), 1U);
  EXPECT_EQ(found.mismatched[0].mismatch.kind, Mismatch::Kind::rows_overwritten);
  EXPECT_EQ(found.mismatched[0].mismatch.first_row, 20);
  EXPECT_EQ(found.mismatched[0].mismatch.last_row, 21);
  EXPECT_EQ(found.origin, Origin::fine_tune) << to_string(found.origin);
}

TEST(MismatchedTensor, a_matrix_times_a_number_is_one) {
  const auto times = [](float factor) {
    return edited("blk.3.attn_q.weight", [=](auto& values) {
      for (float& value : values) value *= factor;
    });
  };
  const auto found = examined(times(1.5F), edited(""), nullptr);
  ASSERT_EQ(found.mismatched.size(), 1U);
  EXPECT_EQ(found.mismatched[0].mismatch.kind, Mismatch::Kind::scaled);
  EXPECT_NEAR(found.mismatched[0].mismatch.number, 1.5, 1e-3);
  EXPECT_TRUE(examined(times(0.9F), edited(""), nullptr).mismatched.empty());
}

TEST(MismatchedTensor, another_model_has_none) {
  const auto found = examined(moved(edited(""), 10, 800), edited(""), nullptr);
  EXPECT_TRUE(found.mismatched.empty());
  EXPECT_EQ(found.origin, Origin::neither);
}

TEST(Provenance, the_answer_does_not_depend_on_threads) {
  const auto base = base_model();
  const auto tuned = moved(base, 0.1, 500);
  const auto quant = rounded(tuned, 7);
  const auto one = examined(quant, tuned, &base, 1), many = examined(quant, tuned, &base, 5);
  EXPECT_EQ(one.alpha->value, many.alpha->value);
  EXPECT_EQ(one.alpha->low, many.alpha->low);
  EXPECT_EQ(*one.residual_share, *many.residual_share);
}

// The deciding alone, on both sides of each line.
Provenance with_alpha(double low, double high) {
  Provenance found;
  found.alpha = numeric::Estimate{(low + high) / 2, low, high};
  found.alpha_tensors = 4;
  found.delta = 0.1;
  found.residual_share = 0.01;
  return found;
}

UnquantizedTensors unquantized(std::int64_t same, std::int64_t fine_tune, std::int64_t base,
                               std::int64_t neither) {
  return {same, fine_tune, base, 0, neither, {}, std::nullopt};
}

Origin decided(Provenance found) {
  found.base_given = true;
  decide(found);
  return found.origin;
}

TEST(Decide, alpha_decides_within_its_tolerance) {
  EXPECT_EQ(decided(with_alpha(0.97, 1.02)), Origin::fine_tune);
  EXPECT_EQ(decided(with_alpha(0.95, 0.96)), Origin::fine_tune);
  EXPECT_EQ(decided(with_alpha(0.93, 0.94)), Origin::merge);
  EXPECT_EQ(decided(with_alpha(-0.02, 0.02)), Origin::base);
  EXPECT_EQ(decided(with_alpha(0.06, 0.07)), Origin::merge);
  EXPECT_EQ(decided(with_alpha(1.06, 1.2)), Origin::merge);
}

TEST(Decide, an_interval_that_reaches_both_ends_tells_nothing) {
  EXPECT_EQ(decided(with_alpha(-0.2, 0.99)), Origin::cannot_tell);
  EXPECT_EQ(decided(with_alpha(0.4, 1.1)), Origin::cannot_tell);
  EXPECT_EQ(decided(with_alpha(0.3, 1.31)), Origin::cannot_tell);
}

TEST(Decide, what_is_not_explained_is_of_neither) {
  auto found = with_alpha(0.99, 1.01);
  found.residual_share = 0.49;
  EXPECT_EQ(decided(found), Origin::fine_tune);
  found.residual_share = 0.51;
  EXPECT_EQ(decided(found), Origin::neither);
  found.residual_share = 0.01;
  found.residual_over_step = 3.9;
  EXPECT_EQ(decided(found), Origin::fine_tune);
  found.residual_over_step = 4.1;
  EXPECT_EQ(decided(found), Origin::neither);
}

TEST(MoreThanRounding, is_judged_by_the_step_where_one_is_known) {
  EXPECT_FALSE(more_than_rounding(0.6, 1.1)) << "TQ1_0 leaves so much, and its step says so";
  EXPECT_TRUE(more_than_rounding(0.6, std::nullopt));
  EXPECT_TRUE(more_than_rounding(0.01, kMostOverStep + 1))
      << "little, but more than rounding leaves";
  EXPECT_TRUE(more_than_rounding(0.95, 1.0))
      << "whatever the step: a grid this coarse explains any model";
  EXPECT_FALSE(more_than_rounding(0.4, std::nullopt));
}

TEST(Decide, norms_decide_where_the_matrices_cannot) {
  auto found = with_alpha(-0.5, 1.5);
  found.unquantized.fine_tune = 13;
  EXPECT_EQ(decided(found), Origin::fine_tune);
  found.unquantized = unquantized(0, 0, 13, 0);
  EXPECT_EQ(decided(found), Origin::base);
  found.unquantized = unquantized(13, 0, 0, 0);
  EXPECT_EQ(decided(found), Origin::cannot_tell);
  found.unquantized = unquantized(0, 12, 0, 1);
  EXPECT_EQ(decided(found), Origin::neither);
}

TEST(Decide, matrices_and_norms_that_contradict_each_other_decide_nothing) {
  auto found = with_alpha(0.99, 1.01);
  found.unquantized = unquantized(0, 0, 13, 0);
  EXPECT_EQ(decided(found), Origin::cannot_tell);
  found.unquantized = unquantized(0, 0, 0, 13);
  EXPECT_EQ(decided(found), Origin::cannot_tell);
}

// The statistics.
std::vector<RegressionSums> clusters_of(const std::vector<float>& w, const std::vector<float>& a,
                                        const std::vector<float>& b, std::size_t count) {
  std::vector<RegressionSums> clusters(count);
  const std::size_t size = w.size() / count;
  for (std::size_t i = 0; i < count; ++i)
    clusters[i].add(std::span(w).subspan(i * size, size), std::span(a).subspan(i * size, size),
                    std::span(b).subspan(i * size, size), {});
  return clusters;
}

TEST(Regression, the_standard_error_covers_alpha_as_often_as_it_says) {
  int covered = 0;
  constexpr int kTrials = 400;
  const auto b = noise(4096, 1, 1), d = noise(4096, 0.01, 2);
  const auto a = plus(b, 1, d);
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    const auto w = plus(plus(b, 0.3, d), 0.1, noise(4096, 1, 1000 + trial));
    const auto found = fit(clusters_of(w, a, b, 32));
    ASSERT_TRUE(found);
    covered += std::abs(found->alpha - 0.3) < 1.96 * found->error ? 1 : 0;
  }
  EXPECT_GT(covered, kTrials * 0.92);
  EXPECT_LT(covered, kTrials * 0.98);
}

TEST(Regression, an_error_common_to_a_row_widens_the_interval) {
  const auto b = noise(4096, 1, 1), d = noise(4096, 0.01, 2);
  const auto a = plus(b, 1, d);
  auto w = plus(b, 0.3, d);
  const auto common = noise(32, 1, 3);
  for (std::size_t i = 0; i < w.size(); ++i)  // of a size per row and along d
    w[i] = static_cast<float>(w[i] + common[i / 128] * d[i]);
  const auto found = fit(clusters_of(w, a, b, 32));
  EXPECT_NEAR(found->error, 1 / std::sqrt(32.0), 0.06);
}

TEST(Regression, equal_models_and_too_few_rows_give_no_alpha) {
  const auto b = noise(4096, 1, 1);
  EXPECT_FALSE(fit(clusters_of(b, b, b, 32)));
  EXPECT_FALSE(fit(clusters_of(b, plus(b, 0.1, b), b, 32)));  // parallel
  EXPECT_FALSE(fit(clusters_of(b, noise(4096, 1, 2), b, 7)));
}

TEST(Pool, weighs_by_inverse_variance) {
  const std::vector<Fit> fits{{1, 0.0, 0.1, 0}, {1, 0.1, 0.2, 0}};
  const Pooled pooled = pool(fits);
  EXPECT_NEAR(pooled.alpha.value, (0 * 100 + 0.1 * 25) / 125, 1e-12);
  EXPECT_NEAR(pooled.standard_error, 1 / std::sqrt(125.0), 1e-12);
}

TEST(Pool, fits_that_disagree_widen_the_interval) {
  const std::vector<Fit> fits{{1, 0.0, 0.01, 0}, {1, 1.0, 0.01, 0}, {1, 0.5, 0.01, 0}};
  const Pooled pooled = pool(fits);
  EXPECT_NEAR(pooled.chi2_per_df, 2500, 1e-6);
  EXPECT_NEAR(pooled.standard_error, 0.01 / std::sqrt(3.0) * 50, 1e-9);
  EXPECT_GT(pooled.alpha.high - pooled.alpha.low, 2);  // Student's t with 2 degrees of freedom
}

}  // namespace
}  // namespace qualm::weights
