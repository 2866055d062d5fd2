#include "weights/integrity.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/plain_checkpoint.h"

namespace qualm::weights {
namespace {

using test::plain_checkpoint;
using test::plain_values;

std::vector<float> with_zeros(std::size_t first, std::size_t count) {
  auto values = plain_values(8 * 512);
  std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(first), count, 0.0F);
  return values;
}

IntegrityReport damage(const model::Checkpoint& candidate, const model::Checkpoint* baseline) {
  Progress progress;
  return *check_integrity(candidate, baseline, 2, progress);
}

TEST(IntegrityFault, a_whole_file_has_none) {
  const auto baseline = plain_checkpoint();
  const auto report = damage(plain_checkpoint(), &baseline);
  EXPECT_TRUE(report.found.empty());
  EXPECT_TRUE(report.unjudged.empty());
  EXPECT_EQ(report.weights_read, 8 * 512);
}

TEST(IntegrityFault, a_hole_that_the_baseline_has_not_is_named_with_its_row) {
  const auto baseline = plain_checkpoint();
  const auto report = damage(plain_checkpoint(with_zeros(1100, 300)), &baseline);
  ASSERT_EQ(report.found.size(), 1U);
  EXPECT_EQ(report.found[0].kind, IntegrityFault::Kind::zeros);
  EXPECT_EQ(report.found[0].tensor, "blk.0.attn_q.weight");
  EXPECT_EQ(report.found[0].row, 2);
  EXPECT_EQ(report.found[0].weights, 300);
  EXPECT_TRUE(report.found[0].of_original);
}

TEST(IntegrityFault, zeros_that_the_baseline_has_are_meant) {
  const auto baseline = plain_checkpoint(with_zeros(512, 1024));
  EXPECT_TRUE(damage(plain_checkpoint(with_zeros(512, 1024)), &baseline).found.empty());
}

TEST(IntegrityFault, weights_too_small_for_a_grid_may_become_zero) {
  auto small = with_zeros(512, 512);
  for (std::size_t i = 512; i < 1024; ++i) small[i] = 1e-5F;
  const auto baseline = plain_checkpoint(small);
  EXPECT_TRUE(damage(plain_checkpoint(with_zeros(512, 512)), &baseline).found.empty());
}

TEST(IntegrityFault, without_a_baseline_zeros_are_told_and_not_judged) {
  const auto report = damage(plain_checkpoint(with_zeros(0, 512)), nullptr);
  EXPECT_TRUE(report.found.empty());
  ASSERT_EQ(report.unjudged.size(), 1U);
  EXPECT_EQ(report.unjudged[0].weights, 512);
}

TEST(IntegrityFault, a_nan_needs_no_baseline) {
  auto values = plain_values(8 * 512);
  values[3000] = std::numeric_limits<float>::quiet_NaN();
  const auto report = damage(plain_checkpoint(values), nullptr);
  ASSERT_EQ(report.found.size(), 1U);
  EXPECT_EQ(report.found[0].kind, IntegrityFault::Kind::not_finite);
  EXPECT_EQ(report.found[0].row, 5);
}

TEST(IntegrityFault, a_row_of_one_value_is_held_against_the_baseline) {
  auto values = plain_values(8 * 512);
  std::fill_n(values.begin() + 1024, 512, 0.25F);
  const auto baseline = plain_checkpoint();
  const auto same = plain_checkpoint(values);
  ASSERT_EQ(damage(plain_checkpoint(values), &baseline).found.size(), 1U);
  EXPECT_EQ(damage(plain_checkpoint(values), &baseline).found[0].row, 2);
  EXPECT_TRUE(damage(plain_checkpoint(values), &same).found.empty());
}

model::Checkpoint of_tensor(const std::string& name, std::vector<float> values,
                            std::int64_t length = 512) {
  model::Checkpoint made;
  made.tensors.push_back(test::plain_tensor(name, length, std::move(values)));
  return made;
}

/// The only fault of a file, without an original.
IntegrityFault only(const model::Checkpoint& candidate) {
  const auto report = damage(candidate, nullptr);
  EXPECT_EQ(report.found.size(), 1U);
  return report.found.empty() ? IntegrityFault{} : report.found.front();
}

TEST(IntegrityFault, a_router_of_zeros_needs_no_original) {
  const auto fault = only(of_tensor("blk.0.ffn_gate_inp.weight", std::vector<float>(8 * 512)));
  EXPECT_EQ(fault.kind, IntegrityFault::Kind::zeros);
  EXPECT_TRUE(fault.whole);
}

TEST(IntegrityFault, a_norm_of_zeros_needs_no_original) {
  EXPECT_TRUE(only(of_tensor("output_norm.weight", std::vector<float>(512))).whole);
}

TEST(IntegrityFault, a_tail_of_zeros_that_begins_inside_a_row_needs_no_original) {
  EXPECT_EQ(only(plain_checkpoint(with_zeros(2 * 512 + 200, 6 * 512 - 200))).kind,
            IntegrityFault::Kind::zeros);
}

TEST(IntegrityFault, padded_and_pruned_rows_and_untrained_blocks_are_not_judged_alone) {
  EXPECT_TRUE(
      damage(of_tensor("token_embd.weight", with_zeros(512, 7 * 512)), nullptr).found.empty());
  EXPECT_TRUE(
      damage(of_tensor("blk.0.ffn_up.weight", with_zeros(512, 512)), nullptr).found.empty());
  EXPECT_TRUE(damage(of_tensor("blk.0.ffn_down.weight", std::vector<float>(8 * 512)), nullptr)
                  .found.empty());
  EXPECT_TRUE(
      damage(of_tensor("blk.0.attn_q.bias", std::vector<float>(512)), nullptr).found.empty());
}

TEST(IntegrityFault, a_matrix_of_one_value_in_each_row_needs_no_original) {
  std::vector<float> values(8 * 512);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.1F * static_cast<float>(1 + i / 512);
  const auto fault = only(plain_checkpoint(values));
  EXPECT_EQ(fault.kind, IntegrityFault::Kind::constant);
  EXPECT_EQ(fault.rows, 8);
}

TEST(IntegrityFault, packed_words_of_one_value_need_no_original) {
  std::vector<float> values(8 * 512);  // a scale for 64 neighbours
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = 0.1F * static_cast<float>(1 + i / 64 % 7);
  EXPECT_EQ(only(plain_checkpoint(values)).kind, IntegrityFault::Kind::few_values);
}

TEST(IntegrityFault, a_weight_of_another_magnitude_needs_no_original) {
  auto values = plain_values(8 * 512);
  values[3000] = 300;
  EXPECT_TRUE(damage(plain_checkpoint(values), nullptr).found.empty()) << "large, as some are";
  values[3000] = 5.2e4F;
  const auto fault = only(plain_checkpoint(values));
  EXPECT_EQ(fault.kind, IntegrityFault::Kind::too_large);
  EXPECT_EQ(fault.row, 5);
  EXPECT_GT(fault.times, 5e4);
}

}  // namespace
}  // namespace qualm::weights
