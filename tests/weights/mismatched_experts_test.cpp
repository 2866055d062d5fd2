#include "weights/mismatched_experts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "support/checkpoints.h"
#include "support/gridded.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

using test::float_tensor;
using test::noise;

constexpr std::int64_t kExperts = 8;
constexpr std::size_t kExpert = 64 * 32;

/// Two layers of experts; those of layer 1 in `order`. An expert of -1 is nobody's.
model::Checkpoint with_order(const std::vector<int>& order) {
  model::Checkpoint made;
  for (int layer = 0; layer < 2; ++layer) {
    std::vector<float> values;
    for (int at = 0; at < kExperts; ++at) {
      const int from = layer == 1 ? order[static_cast<std::size_t>(at)] : at;
      const auto one = noise(kExpert, 0.05, static_cast<std::uint32_t>(100 * layer + 50 + from));
      values.insert(values.end(), one.begin(), one.end());
    }
    made.tensors.push_back(float_tensor("blk." + std::to_string(layer) + ".ffn_up_exps.weight",
                                        {64, 32, kExperts}, std::move(values)));
  }
  return made;
}

std::vector<MismatchedTensor> found_with(const std::vector<int>& order) {
  Progress progress;
  const auto original = with_order({0, 1, 2, 3, 4, 5, 6, 7});
  return provenance(with_order(order), original, nullptr, 1, progress)->mismatched;
}

TEST(Experts, two_that_are_exchanged_are_named) {
  const auto found = found_with({1, 0, 2, 3, 4, 5, 6, 7});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].tensor, "blk.1.ffn_up_exps.weight");
  EXPECT_EQ(found[0].mismatch.kind, Mismatch::Kind::experts_exchanged);
  EXPECT_EQ(found[0].mismatch.experts, (std::vector<std::int64_t>{0, 1}));
}

/// Experts that were copied from one matrix and trained on: 90 % of each is the same.
std::vector<MismatchedTensor> found_alike(const std::vector<int>& order) {
  const auto made = [](const std::vector<int>& of) {
    model::Checkpoint checkpoint;
    std::vector<float> values;
    for (const int from : of) {
      const auto one = test::plus(noise(kExpert, 0.05, 7), 1,
                                  noise(kExpert, 0.015, static_cast<std::uint32_t>(200 + from)));
      values.insert(values.end(), one.begin(), one.end());
    }
    checkpoint.tensors.push_back(
        float_tensor("blk.1.ffn_up_exps.weight", {64, 32, kExperts}, std::move(values)));
    return checkpoint;
  };
  Progress progress;
  return provenance(test::gridded(made(order), "Q8_0"), made({0, 1, 2, 3, 4, 5, 6, 7}), nullptr, 1,
                    progress)
      ->mismatched;
}

TEST(Experts, two_that_are_exchanged_are_named_where_all_experts_are_alike) {
  const auto found = found_alike({1, 0, 2, 3, 4, 5, 6, 7});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mismatch.kind, Mismatch::Kind::experts_exchanged);
  EXPECT_EQ(found[0].mismatch.experts, (std::vector<std::int64_t>{0, 1}));
  EXPECT_TRUE(found_alike({0, 1, 2, 3, 4, 5, 6, 7}).empty());
}

TEST(Experts, another_order_of_all_is_told) {
  const auto found = found_with({7, 6, 5, 4, 3, 2, 1, 0});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mismatch.kind, Mismatch::Kind::expert_order);
}

TEST(Experts, one_that_is_nobodys_is_named) {
  const auto found = found_with({0, 1, 2, -1, 4, 5, 6, 7});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].mismatch.kind, Mismatch::Kind::experts_unknown);
  EXPECT_EQ(found[0].mismatch.experts, std::vector<std::int64_t>{3});
}

TEST(Experts, in_order_have_no_mismatch) {
  EXPECT_TRUE(found_with({0, 1, 2, 3, 4, 5, 6, 7}).empty());
}

}  // namespace
}  // namespace qualm::weights
