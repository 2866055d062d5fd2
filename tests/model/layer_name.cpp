#include "model/layer_name.h"

#include <gtest/gtest.h>

namespace qualm::model {
namespace {

TEST(LayerName, has_a_stack_a_layer_and_a_rest) {
  const auto parts = layer_name("blk.12.attn_q.weight");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->stack, "blk.");
  EXPECT_EQ(parts->layer, 12);
  EXPECT_EQ(parts->rest, "attn_q.weight");
  EXPECT_EQ(parts->prefix(), "blk.12.");
  EXPECT_EQ(parts->in_layer(3), "blk.3.attn_q.weight");
  EXPECT_EQ(parts->in_any_layer(), "blk.*.attn_q.weight");
}

TEST(LayerName, knows_the_stacks_of_other_architectures) {
  EXPECT_EQ(layer_name("enc.blk.3.ffn_up.weight")->stack, "enc.blk.");
  EXPECT_EQ(layer_name("v.blk.0.attn_q.weight")->in_any_layer(), "v.blk.*.attn_q.weight");
}

TEST(LayerName, is_absent_outside_of_layers) {
  for (const char* name :
       {"", "output.weight", "blk.", "blk.1", "blk.x.attn_q.weight", "blk.-1.attn_q.weight",
        "blk.1x.attn_q.weight", "notblk.1.attn_q.weight", "blk.99999999999999999999.attn_q.weight"})
    EXPECT_FALSE(layer_name(name)) << name;
}

TEST(LayerName, of_a_decoder_is_a_number) {
  EXPECT_EQ(layer_of("blk.3.attn_q.weight"), 3);
  EXPECT_FALSE(layer_of("enc.blk.3.attn_q.weight"));
  EXPECT_FALSE(layer_of("output.weight"));
}

}  // namespace
}  // namespace qualm::model
