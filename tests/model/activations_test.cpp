#include "model/activations.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::model {
namespace {

TEST(Activations, plain_files_quantize_none) {
  EXPECT_FALSE(quantized_activations(test::plain_checkpoint()));
  EXPECT_EQ(rotation_key(test::plain_checkpoint()), "");
}

TEST(Activations, a_configuration_that_names_them_holds_everywhere) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("quantization.activations", std::string("8-bit integer"));
  ASSERT_TRUE(quantized_activations(checkpoint));
  EXPECT_EQ(quantized_activations(checkpoint)->where, QuantizedActivations::Where::everywhere);
}

TEST(Activations, a_permission_of_gguf_holds_on_some_devices) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set("general.tensor_extra.prec_a4", std::string("blk.0.attn_q.weight"));
  ASSERT_TRUE(quantized_activations(checkpoint));
  EXPECT_EQ(quantized_activations(checkpoint)->where, QuantizedActivations::Where::some_devices);
}

TEST(Activations, keys_that_tell_of_rotated_weights) {
  Checkpoint gguf = test::plain_checkpoint();
  gguf.metadata.set("prism.hadamard.version", std::int64_t{2});
  EXPECT_EQ(rotation_key(gguf), "prism.hadamard.version");
  Checkpoint folder = test::plain_checkpoint();
  folder.metadata.set("quantization.rotation", std::string("transform_config"));
  EXPECT_EQ(rotation_key(folder), "quantization.rotation");
}

}  // namespace
}  // namespace qualm::model
