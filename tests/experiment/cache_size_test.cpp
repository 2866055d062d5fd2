#include "experiment/cache_size.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::experiment {
namespace {

model::Checkpoint of_heads(std::int64_t layers, std::int64_t heads, std::int64_t width) {
  model::Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("llama.block_count", layers);
  checkpoint.metadata.set("llama.attention.head_count_kv", heads);
  checkpoint.metadata.set("llama.attention.key_length", width);
  checkpoint.metadata.set("llama.attention.value_length", width);
  return checkpoint;
}

// 2 bytes a value in F16, 34 bytes for 32 values in Q8_0.
TEST(CacheSize, is_that_of_k_and_v_in_all_layers_at_all_positions) {
  const auto model = of_heads(3, 2, 64);
  EXPECT_EQ(bytes_of_cache(model, {.ctx_size = 100}), 3 * 2 * 64 * 100 * 2 * 2);
  EXPECT_EQ(bytes_of_cache(model, {.ctx_size = 100, .type_k = "q8_0"}),
            3 * 2 * 64 * 100 * 2 + 3 * 2 * 64 / 32 * 34 * 100);
}

TEST(CacheSize, is_not_known_where_the_file_makes_no_sense) {
  EXPECT_EQ(bytes_of_cache({}, {}), std::nullopt);
  EXPECT_EQ(bytes_of_cache(of_heads(3, 0, 64), {}), std::nullopt);
  EXPECT_EQ(bytes_of_cache(of_heads(3, 2, -64), {}), std::nullopt);
  EXPECT_EQ(bytes_of_cache(of_heads(1, 1, std::int64_t{1} << 41), {}), std::nullopt);
  EXPECT_EQ(bytes_of_cache(of_heads(std::int64_t{1} << 40, 1 << 30, 64), {}), std::nullopt);
}

}  // namespace
}  // namespace qualm::experiment
