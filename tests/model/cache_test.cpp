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

TEST(Cache, counts_the_heads_of_all_layers) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("llama.block_count", std::int64_t{4});
  checkpoint.metadata.set("llama.attention.head_count", std::int64_t{8});
  EXPECT_EQ(cache_heads(checkpoint), 32) << "no grouped heads: one K and V for each";
  checkpoint.metadata.set("llama.attention.head_count_kv", std::int64_t{2});
  EXPECT_EQ(cache_heads(checkpoint), 8);
  checkpoint.metadata.set("llama.attention.head_count_kv", std::vector<std::uint64_t>{2, 0, 4, 4});
  EXPECT_EQ(cache_heads(checkpoint), 10);
}

TEST(Cache, of_numbers_that_make_no_sense_has_no_size) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("llama.block_count", std::int64_t{4});
  for (const Value& heads :
       {Value(std::int64_t{0}), Value(std::int64_t{-8}), Value(std::int64_t{1} << 62),
        Value(std::vector<std::int64_t>{8, -8}), Value(std::string("eight")),
        Value(std::vector<std::uint64_t>{~std::uint64_t{0}})}) {
    checkpoint.metadata.set("llama.attention.head_count_kv", heads);
    EXPECT_EQ(cache_heads(checkpoint), std::nullopt);
  }
  EXPECT_EQ(cache_heads({}), std::nullopt);
}

}  // namespace
}  // namespace qualm::model
