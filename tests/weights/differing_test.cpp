#include "weights/differing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "support/checkpoints.h"
#include "support/gridded.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

using test::float_tensor;
using test::gridded;
using test::made_from;
using test::noise;
using test::plus;
using test::values_of;

/// Four layers of two matrices and a norm.
model::Checkpoint original() {
  model::Checkpoint made;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::string layer = "blk." + std::to_string(i) + ".";
    made.tensors.push_back(
        float_tensor(layer + "attn_q.weight", {128, 64}, noise(128 * 64, 0.05, 10 + i)));
    made.tensors.push_back(
        float_tensor(layer + "ffn_up.weight", {128, 64}, noise(128 * 64, 0.05, 20 + i)));
    made.tensors.push_back(float_tensor(layer + "attn_norm.weight", {128},
                                        plus(std::vector<float>(128, 1), 0.1, noise(128, 1, i))));
  }
  return made;
}

/// `part` of the size of a matrix is added to each whose name has `of`.
model::Checkpoint adapted(
    double part, const std::string& of,
    const std::function<double(int)>& size = [](int) { return 1.0; }) {
  std::uint32_t seed = 300;
  int matrix = 0;
  return made_from(original(), [&](const model::Tensor& tensor) {
    const auto values = values_of(tensor);
    if (tensor.name.find(of) == std::string::npos || tensor.row_count() == 1) return values;
    return plus(values, part * size(matrix++), noise(values.size(), 0.05, ++seed));
  });
}

Provenance examined(const model::Checkpoint& candidate, const model::Checkpoint& of) {
  Progress progress;
  auto found = provenance(candidate, of, nullptr, 1, progress);
  EXPECT_TRUE(found) << describe(found.error());
  return found.value_or(Provenance{});
}

TEST(Differing, a_rounding_of_the_original_has_none) {
  for (const char* type : {"Q8_0", "Q4_0", "Q2_K"}) {
    const auto found = examined(gridded(original(), type), original());
    EXPECT_FALSE(found.differing) << type;
    EXPECT_EQ(found.origin, Origin::fine_tune) << type;
  }
}

TEST(Differing, a_lora_that_is_missing_is_named_with_its_classes) {
  for (const char* type : {"Q8_0", "Q4_0"}) {
    const auto found = examined(gridded(original(), type), adapted(0.15, "attn_q"));
    ASSERT_TRUE(found.differing) << type;
    EXPECT_EQ(found.origin, Origin::neither) << type;
    ASSERT_EQ(found.differing->classes.size(), 1U);
    EXPECT_EQ(found.differing->classes[0].name, "attn_q");
    EXPECT_EQ(found.differing->classes[0].in_layers, 4);
    EXPECT_TRUE(found.differing->classes[0].layers.empty()) << "all layers";
    EXPECT_LT(*found.differing->within, 0.8);
    EXPECT_GT(*found.differing->within_elsewhere, 0.97);
    EXPECT_FALSE(found.differing->quant_of_quant());
  }
}

TEST(Differing, one_layer_is_named_by_its_number) {
  const auto found = examined(gridded(original(), "Q4_0"), adapted(0.15, "blk.2.attn_q"));
  ASSERT_TRUE(found.differing);
  EXPECT_EQ(found.differing->classes[0].layers, std::vector<std::int64_t>{2});
}

TEST(Differing, a_quant_of_a_quant_is_told_at_the_same_bits_and_on_a_finer_grid) {
  const auto once = gridded(original(), "Q4_0", 64);
  for (const char* type : {"Q4_0", "Q8_0"}) {
    const auto found = examined(gridded(once, type), original());
    ASSERT_TRUE(found.differing) << type;
    EXPECT_TRUE(found.differing->all_of_layers);
    EXPECT_TRUE(found.differing->quant_of_quant()) << type;
    EXPECT_EQ(found.origin, Origin::neither);
  }
  EXPECT_TRUE(examined(gridded(once, "Q8_0"), original()).differing->other_grid);
}

TEST(Differing, another_fine_tune_with_the_same_norms_is_no_quant_of_a_quant) {
  const auto tuned = adapted(0.1, "", [](int matrix) { return 0.5 + matrix % 4 * 0.5; });
  const auto found = examined(gridded(original(), "Q4_0"), tuned);
  ASSERT_TRUE(found.differing);
  EXPECT_EQ(found.origin, Origin::neither);
  EXPECT_FALSE(found.differing->quant_of_quant());
}

}  // namespace
}  // namespace qualm::weights
