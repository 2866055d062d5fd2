#include "model/cache.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::model {
namespace {

Checkpoint heads_of(std::int64_t width) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("llama.attention.key_length", width);
  return checkpoint;
}

TEST(Cache, a_quantized_one_needs_heads_of_whole_blocks) {
  const auto unfit = unfit_caches(heads_of(48), "q4_0", "q8_0");
  ASSERT_EQ(unfit.size(), 1) << "V heads are 64 wide";
  EXPECT_EQ(in_words(unfit.front()),
            "heads are 48 wide, not a multiple of 32: a q4_0 K cache cannot be used");
}

TEST(Cache, floats_fit_every_head) {
  for (const char* type : {"f16", "bf16", "f32"})
    EXPECT_TRUE(unfit_caches(heads_of(48), type, type).empty()) << type;
  EXPECT_TRUE(unfit_caches(heads_of(64), "q4_0", "q4_0").empty());
  EXPECT_TRUE(unfit_caches({}, "q4_0", "q4_0").empty()) << "the file does not say";
}

}  // namespace
}  // namespace qualm::model
