// Rotary scaling: published numbers of Llama 3, and where each writer puts its parameters.
#include <gtest/gtest.h>

#include <cmath>

#include "formats/hf/config.h"
#include "support/hf_model.h"

namespace qualm::formats::hf {
namespace {

using test::dense_model;

// rope_freqs.weight of Llama 3.1's GGUFs.
TEST(HfRope, llama3_divides_long_waves) {
  const auto divisors = rope_divisors({500000, 8, 1, 4, 8192}, 128);
  ASSERT_EQ(divisors.size(), 64u);
  for (std::size_t i = 0; i < 29; ++i) EXPECT_EQ(divisors[i], 1.0f) << i;
  const std::vector<float> between = {1.207484f, 1.553415f, 2.026313f,
                                      2.69453f,  3.684253f, 5.257327f};
  for (std::size_t i = 0; i < between.size(); ++i)
    EXPECT_NEAR(divisors[29 + i], between[i], 1e-5) << i;
  for (std::size_t i = 35; i < 64; ++i) EXPECT_EQ(divisors[i], 8.0f) << i;
}

TEST(HfRope, llama3_becomes_a_tensor) {
  const auto model = dense_model("llama")
                         .set("rope_theta", 500000.0)
                         .set("rope_scaling", {{"rope_type", "llama3"},
                                               {"factor", 8.0},
                                               {"low_freq_factor", 1.0},
                                               {"high_freq_factor", 4.0},
                                               {"original_max_position_embeddings", 8192}})
                         .checkpoint();
  const model::Tensor* freqs = model.find("rope_freqs.weight");
  ASSERT_NE(freqs, nullptr);
  EXPECT_EQ(freqs->dims, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(freqs->data->ggml_bytes().size(), 8u);
  EXPECT_FALSE(model.metadata.find("llama.rope.scaling.type"));
}

TEST(HfRope, yarn_becomes_keys) {
  const auto model = dense_model("qwen2")
                         .set("rope_scaling", {{"type", "yarn"},
                                               {"factor", 4.0},
                                               {"beta_fast", 16},
                                               {"original_max_position_embeddings", 32768}})
                         .checkpoint();
  EXPECT_EQ(model.metadata.string("qwen2.rope.scaling.type"), "yarn");
  EXPECT_EQ(model.metadata.number("qwen2.rope.scaling.factor"), 4);
  EXPECT_EQ(model.arch_integer("rope.scaling.original_context_length"), 32768);
  EXPECT_EQ(model.metadata.number("qwen2.rope.scaling.yarn_beta_fast"), 16);
  EXPECT_FALSE(model.metadata.find("qwen2.rope.scaling.yarn_beta_slow"));
}

// libllama multiplies by 1 + 0.1 ln(factor) on its own.
TEST(HfRope, the_attention_factor_of_yarn_is_what_libllama_does_not_multiply_with) {
  const auto factor = [](nlohmann::json more) {
    nlohmann::json scaling{{"rope_type", "yarn"}, {"factor", 4.0}};
    scaling.update(more);
    const auto model = dense_model("qwen2").set("rope_scaling", scaling).checkpoint();
    return *model.metadata.number("qwen2.rope.scaling.attn_factor");
  };
  const double usual = 1 + 0.1 * std::log(4.0);
  EXPECT_DOUBLE_EQ(factor(nlohmann::json::object()), 1);
  EXPECT_DOUBLE_EQ(factor({{"attention_factor", 1.3}}), 1.3 / usual);
  EXPECT_DOUBLE_EQ(factor({{"mscale", 0.5}, {"mscale_all_dim", 1.0}}),
                   (1 + 0.05 * std::log(4.0)) / usual / usual);
}

TEST(HfRope, llama3_in_another_architecture_is_nothing_to_run) {
  const auto model =
      dense_model("qwen2").set("rope_scaling", {{"rope_type", "llama3"}}).checkpoint();
  EXPECT_EQ(model.find("rope_freqs.weight"), nullptr);
  ASSERT_EQ(model.lacks.size(), 1u);
  EXPECT_EQ(model.lacks[0],
            "a runtime for its rope scaling: llama.cpp has llama3 for llama, not for qwen2");
}

TEST(HfRope, a_yarn_without_a_factor_stretches_to_the_context) {
  const auto model =
      dense_model("qwen2")
          .set("rope_scaling", {{"type", "yarn"}, {"original_max_position_embeddings", 32}})
          .checkpoint();
  EXPECT_EQ(model.metadata.number("qwen2.rope.scaling.factor"), 4);
}

TEST(HfRope, betas_of_yarn_that_libllama_does_not_take_are_noted) {
  const auto model =
      dense_model("qwen2")
          .set("rope_scaling", {{"type", "yarn"}, {"beta_fast", 32}, {"beta_slow", 2}})
          .checkpoint();
  ASSERT_EQ(model.notes.size(), 1u);
  EXPECT_EQ(model.notes[0].says, "beta_slow of yarn is 2 here; llama.cpp computes as if it were 1");
}

TEST(HfRope, newer_configurations_keep_the_rotated_part_in_rope_parameters) {
  const auto model =
      dense_model("llama").set("rope_parameters", {{"partial_rotary_factor", 0.5}}).checkpoint();
  EXPECT_EQ(model.arch_integer("rope.dimension_count"), 2);
}

TEST(HfRope, newer_configurations_keep_everything_in_rope_parameters) {
  const auto model = dense_model("llama")
                         .set("rope_parameters",
                              {{"rope_theta", 250000.0}, {"rope_type", "linear"}, {"factor", 2.0}})
                         .checkpoint();
  EXPECT_EQ(model.metadata.number("llama.rope.freq_base"), 250000);
  EXPECT_EQ(model.metadata.number("llama.rope.scaling.factor"), 2);
}

TEST(HfRope, a_scaling_that_is_not_carried_over_is_told) {
  const auto model =
      dense_model("llama").set("rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}).checkpoint();
  ASSERT_EQ(model.notes.size(), 1u);
  EXPECT_EQ(model.notes[0].says.substr(0, 45), "rope scaling dynamic is not carried over: pas");
}

TEST(HfRope, null_is_no_scaling) {
  EXPECT_TRUE(dense_model("llama").set("rope_scaling", nullptr).checkpoint().notes.empty());
}

}  // namespace
}  // namespace qualm::formats::hf
