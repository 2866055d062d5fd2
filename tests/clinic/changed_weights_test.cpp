// Models that the clinic changes before it quantizes them.
#include "clinic/changed_weights.h"

#include <gtest/gtest.h>

#include "formats/read.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm::clinic {
namespace {

std::vector<float> values_in(const model::Checkpoint& file, const std::string& name) {
  const model::Tensor* tensor = file.find(name);
  EXPECT_NE(tensor, nullptr) << name;
  std::vector<float> values(static_cast<std::size_t>(tensor->parameters()));
  EXPECT_TRUE(tensor->data->rows(0, tensor->row_count(), values));
  return values;
}

TEST(ChangedWeights, outliers_move_into_the_norm_and_the_product_stays) {
  const test::Scratch scratch;
  const std::string path = scratch.file("base.gguf", test::RunnableGguf{}.build());
  const auto image = with_outliers(path);
  ASSERT_TRUE(image) << describe(image.error());
  const auto base = formats::read(path);
  const auto hard = formats::read(image->path());
  ASSERT_TRUE(base && hard);
  const auto norm = values_in(*base, "blk.0.attn_norm.weight");
  const auto hard_norm = values_in(*hard, "blk.0.attn_norm.weight");
  const auto matrix = values_in(*base, "blk.0.attn_q.weight");
  const auto hard_matrix = values_in(*hard, "blk.0.attn_q.weight");
  std::size_t outliers = 0;
  for (std::size_t i = 0; i < norm.size(); ++i) {
    outliers += hard_norm[i] != norm[i] ? 1 : 0;
    EXPECT_NEAR(hard_norm[i] * hard_matrix[i], norm[i] * matrix[i], 1e-6F) << i;
  }
  EXPECT_EQ(outliers, norm.size() / 16);
  EXPECT_EQ(values_in(*hard, "blk.0.ffn_down.weight"), values_in(*base, "blk.0.ffn_down.weight"));
}

}  // namespace
}  // namespace qualm::clinic
