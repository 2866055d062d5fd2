// What a file is where it is no language model, from its keys and names.
#include "model/kind.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::model {
namespace {

Kind with_key(const std::string& key, const Value& value) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.metadata.set(key, value);
  return kind_of(checkpoint).kind;
}

Kind with_tensor(const std::string& name) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.tensors.front().name = name;
  return kind_of(checkpoint).kind;
}

TEST(Kind, a_llama_is_a_language_model) {
  EXPECT_EQ(kind_of(test::plain_checkpoint()).kind, Kind::language_model);
  EXPECT_EQ(kind_of({}).kind, Kind::language_model) << "what says nothing is left to the reader";
}

TEST(Kind, keys_tell) {
  EXPECT_EQ(with_key("general.type", std::string("imatrix")), Kind::importance);
  EXPECT_EQ(with_key("general.type", std::string("adapter")), Kind::adapter);
  EXPECT_EQ(with_key("adapter.type", std::string("lora")), Kind::adapter);
  EXPECT_EQ(with_key("general.type", std::string("mmproj")), Kind::projector);
  EXPECT_EQ(with_key("general.architecture", std::string("clip")), Kind::projector);
  EXPECT_EQ(with_key("general.architecture", std::string("bert")), Kind::encoder);
  EXPECT_EQ(with_key("general.architecture", std::string("t5")), Kind::encoder_decoder);
  EXPECT_EQ(with_key("llama.attention.causal", false), Kind::encoder);
  EXPECT_EQ(with_key("llama.attention.causal", true), Kind::language_model);
}

TEST(Kind, names_of_tensors_tell) {
  EXPECT_EQ(with_tensor("blk.0.attn_q.weight.lora_a"), Kind::adapter);
  EXPECT_EQ(with_tensor("blk.0.attn_q.weight.in_sum2"), Kind::importance);
  EXPECT_EQ(with_tensor("blk.0.ffn_up.3.weight"), Kind::split_experts);
  EXPECT_EQ(with_tensor("blk.0.ffn_up_exps.weight"), Kind::language_model);
}

TEST(Kind, a_tokenizer_without_weights_is_a_vocabulary) {
  Checkpoint checkpoint = test::plain_checkpoint();
  checkpoint.tensors.clear();
  EXPECT_EQ(kind_of(checkpoint).kind, Kind::vocabulary);
}

}  // namespace
}  // namespace qualm::model
