// What becomes of each family's modules: names, shapes, order of rows, values, keys.
#include <gtest/gtest.h>

#include <cmath>

#include "formats/hf/config.h"
#include "formats/hf/scheme.h"
#include "support/hf_model.h"

namespace qualm::formats::hf {
namespace {

using codec::Dtype;
using test::all_of;
using test::dense_model;
using test::HfModel;
using test::layer_name;
using test::row_of;
using Dims = std::vector<std::int64_t>;

Dims dims_of(const model::Checkpoint& model, const std::string& name) {
  const model::Tensor* tensor = model.find(name);
  return tensor == nullptr ? Dims{} : tensor->dims;
}

TEST(HfLlama, has_canonical_names_keys_and_shapes) {
  const auto model = dense_model("llama").checkpoint();
  EXPECT_EQ(model.format, "safetensors F32");
  EXPECT_EQ(model.architecture(), "llama");
  EXPECT_EQ(model.tensors.size(), 3u + 2 * 9);
  EXPECT_EQ(dims_of(model, "token_embd.weight"), (Dims{16, 10}));
  EXPECT_EQ(dims_of(model, "blk.1.attn_k.weight"), (Dims{16, 8}));
  EXPECT_EQ(dims_of(model, "blk.1.ffn_down.weight"), (Dims{24, 16}));
  EXPECT_EQ(dims_of(model, "output_norm.weight"), (Dims{16}));
  EXPECT_EQ(model.arch_integer("block_count"), 2);
  EXPECT_EQ(model.arch_integer("attention.head_count_kv"), 2);
  EXPECT_EQ(model.arch_integer("attention.key_length"), 4);
  EXPECT_EQ(model.arch_integer("rope.dimension_count"), 4);
  EXPECT_EQ(model.arch_integer("vocab_size"), 10);
  EXPECT_EQ(model.arch_integer("context_length"), 128);
  EXPECT_DOUBLE_EQ(*model.metadata.number("llama.rope.freq_base"), 10000);
  EXPECT_DOUBLE_EQ(*model.metadata.number("llama.attention.layer_norm_rms_epsilon"), 1e-6);
  EXPECT_TRUE(model.lacks.empty());
  EXPECT_TRUE(model.notes.empty());
}

// Heads of four rows: halves 0 1 | 2 3 become pairs 0 2 1 3.
TEST(HfLlama, rows_of_queries_and_keys_go_from_halves_to_pairs) {
  const HfModel source = dense_model("llama");
  const auto model = source.checkpoint();
  for (const auto& [name, module, rows] :
       {std::tuple("blk.1.attn_q.weight", "self_attn.q_proj.weight", 16),
        std::tuple("blk.1.attn_k.weight", "self_attn.k_proj.weight", 8)}) {
    constexpr int kFrom[] = {0, 2, 1, 3};
    std::vector<float> expected;
    for (int row = 0; row < rows; ++row) {
      const auto wanted = source.row(layer_name(1, module), row / 4 * 4 + kFrom[row % 4], 16);
      EXPECT_EQ(row_of(model, name, row), wanted);
      expected.insert(expected.end(), wanted.begin(), wanted.end());
    }
    EXPECT_EQ(all_of(model, name), expected);
    test::expect_slices_agree(*model.find(name)->data, rows, 16, expected);
  }
  EXPECT_EQ(all_of(model, "blk.1.attn_v.weight"),
            source.values(layer_name(1, "self_attn.v_proj.weight")));
}

TEST(HfLlama, biases_of_queries_follow_their_rows) {
  HfModel source = dense_model("llama");
  source.tensor(layer_name(0, "self_attn.q_proj.bias"), {16});
  const auto& bias = source.values(layer_name(0, "self_attn.q_proj.bias"));
  const auto model = source.checkpoint();
  const auto found = all_of(model, "blk.0.attn_q.bias");
  EXPECT_EQ(found[4], bias[4]);
  EXPECT_EQ(found[5], bias[6]);
  EXPECT_EQ(found[6], bias[5]);
  EXPECT_EQ(dims_of(model, "blk.0.attn_q.bias"), (Dims{16}));
}

TEST(HfLlama, what_keeps_its_order_keeps_its_bytes) {
  const auto model = dense_model("llama", Dtype::kBF16).checkpoint();
  const model::Tensor& v = *model.find("blk.0.attn_v.weight");
  const model::Tensor& q = *model.find("blk.0.attn_q.weight");
  EXPECT_EQ(model.format, "safetensors BF16");
  EXPECT_EQ(v.data->ggml_bytes().size(), 8u * 16 * 2);
  EXPECT_EQ(v.encoding.ggml_type, q.encoding.ggml_type);
  EXPECT_GE(q.encoding.ggml_type, 0);
  EXPECT_TRUE(q.data->ggml_bytes().empty());
  EXPECT_EQ(q.bytes, 16 * 16 * 2);
}

TEST(HfLlama, a_tied_head_that_is_stored_anyway_is_left_out_and_told) {
  const auto model = dense_model("llama").set("tie_word_embeddings", true).checkpoint();
  EXPECT_TRUE(model.tied_embeddings());
  ASSERT_EQ(model.notes.size(), 2u);
  EXPECT_EQ(model.notes[0].place, "tensor lm_head.weight");
}

TEST(HfLlama, a_tied_head_that_is_not_the_embedding_is_told_with_its_distance) {
  auto source = dense_model("llama").set("tie_word_embeddings", true);
  const auto note = [](const model::Checkpoint& model) {
    const auto found =
        std::ranges::find(model.notes, model::Note::Kind::mislabelled, &model::Note::kind);
    return found == model.notes.end() ? std::string() : found->says;
  };
  EXPECT_TRUE(note(source.checkpoint())
                  .starts_with("tie_word_embeddings drops a head that is not the embedding: they "
                               "differ by "));
  source.copy("model.embed_tokens.weight", "lm_head.weight");
  EXPECT_EQ(note(source.checkpoint()), "");
}

TEST(HfLlama, tensors_without_a_place_are_counted) {
  const auto model = dense_model("llama")
                         .tensor("model.layers.0.self_attn.rotary_emb.inv_freq", {2})
                         .tensor("model.extra.weight", {2, 2})
                         .tensor("model.layers.2.mlp.up_proj.weight", {24, 16})
                         .checkpoint();
  EXPECT_EQ(model.tensors.size(), 3u + 2 * 9);
  ASSERT_EQ(model.notes.size(), 2u);
  EXPECT_EQ(model.notes[0].says,
            "1 tensors belong to layers past the 2 of config.json and are left out");
  EXPECT_EQ(model.notes[1].says,
            "1 tensors have no place in llama and are left out, the first is model.extra.weight");
}

TEST(HfMixtral, experts_are_stacked) {
  HfModel source(test::small_config("mixtral"));
  source.set("num_local_experts", 3).tensor("model.embed_tokens.weight", {10, 16});
  for (int layer = 0; layer < 2; ++layer) {
    test::add_attention(source, layer, Dtype::kF32);
    source.tensor(layer_name(layer, "block_sparse_moe.gate.weight"), {3, 16});
    for (const int expert : {2, 0, 1}) {  // in any order of the file
      const std::string prefix =
          layer_name(layer, "block_sparse_moe.experts." + std::to_string(expert) + ".");
      source.tensor(prefix + "w1.weight", {24, 16})
          .tensor(prefix + "w2.weight", {16, 24})
          .tensor(prefix + "w3.weight", {24, 16});
    }
  }
  source.tensor("model.norm.weight", {16}).tensor("lm_head.weight", {10, 16});
  const auto model = source.checkpoint();
  EXPECT_EQ(model.architecture(), "llama");
  EXPECT_EQ(model.arch_integer("expert_count"), 3);
  EXPECT_EQ(model.arch_integer("expert_used_count"), 2);
  EXPECT_EQ(dims_of(model, "blk.0.ffn_down_exps.weight"), (Dims{24, 16, 3}));
  EXPECT_EQ(dims_of(model, "blk.0.ffn_gate_inp.weight"), (Dims{16, 3}));
  EXPECT_EQ(model.find("blk.0.ffn_up_exps.weight")->bytes, 3 * 24 * 16 * 4);
  for (int expert = 0; expert < 3; ++expert) {
    const std::string w2 =
        layer_name(1, "block_sparse_moe.experts." + std::to_string(expert) + ".w2.weight");
    EXPECT_EQ(row_of(model, "blk.1.ffn_down_exps.weight", expert * 16 + 5), source.row(w2, 5, 24));
  }
  const auto all = all_of(model, "blk.1.ffn_gate_exps.weight");
  test::expect_slices_agree(*model.find("blk.1.ffn_gate_exps.weight")->data, 72, 16, all);
}

TEST(HfQwen2, keeps_the_order_of_rows_and_its_biases) {
  HfModel source = dense_model("qwen2");
  for (int layer = 0; layer < 2; ++layer)
    source.tensor(layer_name(layer, "self_attn.k_proj.bias"), {8});
  const auto model = source.checkpoint();
  EXPECT_EQ(model.architecture(), "qwen2");
  EXPECT_EQ(all_of(model, "blk.0.attn_q.weight"),
            source.values(layer_name(0, "self_attn.q_proj.weight")));
  EXPECT_EQ(all_of(model, "blk.0.attn_k.bias"),
            source.values(layer_name(0, "self_attn.k_proj.bias")));
}

TEST(HfQwen3, has_norms_of_heads) {
  HfModel source = dense_model("qwen3");
  for (int layer = 0; layer < 2; ++layer)
    source.tensor(layer_name(layer, "self_attn.q_norm.weight"), {4})
        .tensor(layer_name(layer, "self_attn.k_norm.weight"), {4});
  const auto model = source.checkpoint();
  EXPECT_EQ(dims_of(model, "blk.1.attn_q_norm.weight"), (Dims{4}));
  EXPECT_EQ(model.arch_integer("attention.key_length"), 4);
  source.config.erase("head_dim");
  EXPECT_NE(source.refusal().find("shape [512, 16], as config.json says"), std::string::npos)
      << "transformers assumes heads of 128: " << source.refusal();
}

HfModel qwen2_moe(bool stacked) {
  HfModel source(test::small_config("qwen2_moe"));
  source.set("num_experts", 2)
      .set("num_experts_per_tok", 1)
      .set("moe_intermediate_size", 6)
      .set("shared_expert_intermediate_size", 8)
      .tensor("model.embed_tokens.weight", {10, 16});
  for (int layer = 0; layer < 2; ++layer) {
    test::add_attention(source, layer, Dtype::kF32);
    source.tensor(layer_name(layer, "mlp.gate.weight"), {2, 16})
        .tensor(layer_name(layer, "mlp.shared_expert_gate.weight"), {1, 16});
    test::add_feed_forward(source, layer_name(layer, "mlp.shared_expert."), 8, Dtype::kF32);
    if (stacked) {
      source.tensor(layer_name(layer, "mlp.experts.gate_up_proj"), {2, 12, 16})
          .tensor(layer_name(layer, "mlp.experts.down_proj"), {2, 16, 6});
    } else {
      test::add_feed_forward(source, layer_name(layer, "mlp.experts.0."), 6, Dtype::kF32);
      test::add_feed_forward(source, layer_name(layer, "mlp.experts.1."), 6, Dtype::kF32);
    }
  }
  source.tensor("model.norm.weight", {16}).tensor("lm_head.weight", {10, 16});
  return source;
}

TEST(HfQwen2Moe, has_a_shared_expert) {
  const HfModel source = qwen2_moe(false);
  const auto model = source.checkpoint();
  EXPECT_EQ(model.architecture(), "qwen2moe");
  EXPECT_EQ(dims_of(model, "blk.0.ffn_gate_exps.weight"), (Dims{16, 6, 2}));
  EXPECT_EQ(dims_of(model, "blk.0.ffn_up_shexp.weight"), (Dims{16, 8}));
  EXPECT_EQ(dims_of(model, "blk.0.ffn_gate_inp_shexp.weight"), (Dims{16, 1}));
  EXPECT_EQ(model.arch_integer("expert_feed_forward_length"), 6);
  EXPECT_EQ(model.arch_integer("expert_shared_feed_forward_length"), 8);
  EXPECT_TRUE(model.notes.empty());
}

TEST(HfQwen2Moe, experts_stored_whole_are_split_gate_first) {
  const HfModel source = qwen2_moe(true);
  const auto model = source.checkpoint();
  const std::string fused = layer_name(1, "mlp.experts.gate_up_proj");
  EXPECT_EQ(dims_of(model, "blk.1.ffn_up_exps.weight"), (Dims{16, 6, 2}));
  EXPECT_EQ(dims_of(model, "blk.1.ffn_down_exps.weight"), (Dims{6, 16, 2}));
  EXPECT_EQ(row_of(model, "blk.1.ffn_gate_exps.weight", 7), source.row(fused, 12 + 1, 16));
  EXPECT_EQ(row_of(model, "blk.1.ffn_up_exps.weight", 7), source.row(fused, 12 + 6 + 1, 16));
}

TEST(HfQwen3Moe, tells_that_the_runtime_normalizes) {
  HfModel source = qwen2_moe(false).set("model_type", "qwen3_moe");
  for (int layer = 0; layer < 2; ++layer)
    source.tensor(layer_name(layer, "self_attn.q_norm.weight"), {4})
        .tensor(layer_name(layer, "self_attn.k_norm.weight"), {4});
  EXPECT_EQ(source.checkpoint().notes.at(0).says,
            "norm_topk_prob is false here; llama.cpp computes qwen3moe as if it were true");
  EXPECT_EQ(source.checkpoint().architecture(), "qwen3moe");
}

HfModel gemma(const std::string& type, const std::string& before = "") {
  HfModel source(test::small_config(type));
  source.config.erase("tie_word_embeddings");
  source.tensor(before + "model.embed_tokens.weight", {10, 16});
  for (int layer = 0; layer < 2; ++layer) {
    HfModel names({});
    const auto add = [&](const std::string& rest, Dims shape) {
      source.tensor(before + layer_name(layer, rest + ".weight"), std::move(shape));
    };
    for (const char* norm : {"input_layernorm", "post_attention_layernorm",
                             "pre_feedforward_layernorm", "post_feedforward_layernorm"})
      add(norm, {16});
    add("self_attn.q_proj", {16, 16});
    add("self_attn.k_proj", {8, 16});
    add("self_attn.v_proj", {8, 16});
    add("self_attn.o_proj", {16, 16});
    add("mlp.gate_proj", {24, 16});
    add("mlp.up_proj", {24, 16});
    add("mlp.down_proj", {16, 24});
    if (!type.starts_with("gemma3")) continue;
    add("self_attn.q_norm", {4});
    add("self_attn.k_norm", {4});
  }
  source.tensor(before + "model.norm.weight", {16});
  return source;
}

TEST(HfGemma2, adds_one_to_norms_and_caps_logits) {
  const HfModel source = gemma("gemma2");
  const auto model = source.checkpoint();
  const auto found = all_of(model, "blk.0.ffn_norm.weight");
  EXPECT_EQ(found[3], 1 + source.values(layer_name(0, "pre_feedforward_layernorm.weight"))[3]);
  EXPECT_EQ(model.find("blk.0.ffn_norm.weight")->encoding.ggml_type, -1);
  EXPECT_EQ(all_of(model, "blk.0.post_attention_norm.weight")[0],
            1 + source.values(layer_name(0, "post_attention_layernorm.weight"))[0]);
  EXPECT_EQ(all_of(model, "blk.0.attn_q.weight"),
            source.values(layer_name(0, "self_attn.q_proj.weight")));
  EXPECT_EQ(model.metadata.number("gemma2.attn_logit_softcapping"), 50);
  EXPECT_EQ(model.metadata.number("gemma2.final_logit_softcapping"), 30);
  EXPECT_EQ(model.arch_integer("attention.sliding_window"), 4096);
  EXPECT_TRUE(model.tied_embeddings());
}

TEST(HfGemma3, is_found_inside_a_model_that_sees) {
  HfModel source = gemma("gemma3_text", "language_model.");
  nlohmann::json text = source.config;
  text["rope_scaling"] = {{"factor", 8.0}, {"rope_type", "linear"}};
  source.config = {{"model_type", "gemma3"}, {"text_config", text}, {"vision_config", {{"x", 1}}}};
  source.tensor("vision_tower.x.weight", {4, 4});
  const auto model = source.checkpoint();
  EXPECT_EQ(model.architecture(), "gemma3");
  EXPECT_EQ(all_of(model, "blk.0.attn_q_norm.weight")[0],
            1 + source.values("language_model." + layer_name(0, "self_attn.q_norm.weight"))[0]);
  EXPECT_EQ(model.metadata.number("gemma3.rope.freq_base"), 1e6);
  EXPECT_EQ(model.metadata.number("gemma3.rope.freq_base_swa"), 1e4);
  EXPECT_EQ(model.metadata.string("gemma3.rope.scaling.type"), "linear");
  EXPECT_EQ(model.metadata.number("gemma3.rope.scaling.factor"), 8);
  EXPECT_FALSE(model.metadata.number("gemma3.final_logit_softcapping"));
}

TEST(HfGemma2, a_scale_of_queries_that_llama_cpp_does_not_use_is_noted) {
  const auto notes = [](int scalar, int layers) {
    nlohmann::json config = gemma("gemma2").config;
    config["num_hidden_layers"] = layers;
    config["query_pre_attn_scalar"] = scalar;
    config["head_dim"] = 8;  // hidden / heads is 4
    return read_config(config, "config.json")->notes.size();
  };
  EXPECT_EQ(notes(8, 26), 0u);
  EXPECT_EQ(notes(4, 26), 1u);
  EXPECT_EQ(notes(4, 46), 0u);
}

TEST(HfGemma, other_layers_with_a_window_than_llama_cpp_has_are_noted) {
  const auto notes = [](const char* type, const char* key, nlohmann::json value) {
    nlohmann::json config = gemma(type).config;
    config[key] = std::move(value);
    return read_config(config, "config.json")->notes.size();
  };
  const nlohmann::json window = "sliding_attention";
  const nlohmann::json full = "full_attention";
  using Layers = std::vector<nlohmann::json>;
  EXPECT_EQ(notes("gemma2", "layer_types", Layers{window, full}), 0u);
  EXPECT_EQ(notes("gemma2", "layer_types", Layers{full, window}), 1u);
  EXPECT_EQ(notes("gemma3_text", "layer_types", Layers{window, window}), 0u);
  EXPECT_EQ(notes("gemma3_text", "layer_types", Layers{window, full}), 1u);
  EXPECT_EQ(notes("gemma3_text", "sliding_window_pattern", 6), 0u);
  EXPECT_EQ(notes("gemma3_text", "sliding_window_pattern", 4), 1u);
}

TEST(HfGpt2, another_scale_of_attention_is_noted) {
  const auto notes = [](const char* key, bool value) {
    const nlohmann::json config{
        {"model_type", "gpt2"}, {"n_embd", 16}, {"n_layer", 2}, {"n_head", 4}, {key, value}};
    return read_config(config, "config.json")->notes.size();
  };
  EXPECT_EQ(notes("scale_attn_weights", true), 0u);
  EXPECT_EQ(notes("scale_attn_weights", false), 1u);
  EXPECT_EQ(notes("scale_attn_by_inverse_layer_idx", true), 1u);
}

// Qwen's configurations state 0 where no window is used.
TEST(HfWindow, is_not_read_of_qwen_and_noted_where_llama_cpp_sees_past_it) {
  const auto model = [](const char* type, int window) {
    return dense_model(type).set("sliding_window", window).checkpoint();
  };
  EXPECT_TRUE(model("qwen2", 0).notes.empty());
  EXPECT_FALSE(model("qwen2", 8).arch_integer("attention.sliding_window"));
  EXPECT_TRUE(model("mistral", 128).notes.empty());
  EXPECT_EQ(model("mistral", 64).arch_integer("attention.sliding_window"), 64);
  EXPECT_EQ(model("mistral", 64).notes.at(0).says,
            "sliding_window is 64; llama.cpp attends to the whole context");
}

HfModel phi3(bool split) {
  HfModel source(test::small_config("phi3"));
  source.tensor("model.embed_tokens.weight", {10, 16});
  for (int layer = 0; layer < 2; ++layer) {
    source.tensor(layer_name(layer, "input_layernorm.weight"), {16})
        .tensor(layer_name(layer, "post_attention_layernorm.weight"), {16})
        .tensor(layer_name(layer, "self_attn.o_proj.weight"), {16, 16})
        .tensor(layer_name(layer, "mlp.down_proj.weight"), {16, 24});
    if (split) {
      source.tensor(layer_name(layer, "self_attn.v_proj.weight"), {8, 16})
          .tensor(layer_name(layer, "self_attn.q_proj.weight"), {16, 16})
          .tensor(layer_name(layer, "self_attn.k_proj.weight"), {8, 16})
          .tensor(layer_name(layer, "mlp.up_proj.weight"), {24, 16})
          .tensor(layer_name(layer, "mlp.gate_proj.weight"), {24, 16});
    } else {
      source.tensor(layer_name(layer, "self_attn.qkv_proj.weight"), {32, 16})
          .tensor(layer_name(layer, "mlp.gate_up_proj.weight"), {48, 16});
    }
  }
  source.tensor("model.norm.weight", {16}).tensor("lm_head.weight", {10, 16});
  return source;
}

TEST(HfPhi3, stays_fused) {
  const HfModel source = phi3(false);
  const auto model = source.checkpoint();
  EXPECT_EQ(dims_of(model, "blk.0.attn_qkv.weight"), (Dims{16, 32}));
  EXPECT_EQ(all_of(model, "blk.0.ffn_up.weight"),
            source.values(layer_name(0, "mlp.gate_up_proj.weight")));
  EXPECT_EQ(model.find("blk.0.ffn_gate.weight"), nullptr);
}

TEST(HfPhi3, what_exllama_splits_is_joined_again) {
  const HfModel source = phi3(true);
  const auto model = source.checkpoint();
  const auto row = [&](const char* module, int r) {
    return source.row(layer_name(0, module), r, 16);
  };
  EXPECT_EQ(dims_of(model, "blk.0.attn_qkv.weight"), (Dims{16, 32}));
  EXPECT_EQ(row_of(model, "blk.0.attn_qkv.weight", 3), row("self_attn.q_proj.weight", 3));
  EXPECT_EQ(row_of(model, "blk.0.attn_qkv.weight", 17), row("self_attn.k_proj.weight", 1));
  EXPECT_EQ(row_of(model, "blk.0.attn_qkv.weight", 24), row("self_attn.v_proj.weight", 0));
  EXPECT_EQ(row_of(model, "blk.0.ffn_up.weight", 0), row("mlp.gate_proj.weight", 0));
  EXPECT_EQ(row_of(model, "blk.0.ffn_up.weight", 24), row("mlp.up_proj.weight", 0));
}

TEST(HfPhi3, long_rope_becomes_two_tensors) {
  HfModel source = phi3(false);
  source
      .set("rope_scaling",
           {{"type", "longrope"}, {"long_factor", {2.0, 3.0}}, {"short_factor", {1.0, 1.5}}})
      .set("max_position_embeddings", 131072)
      .set("original_max_position_embeddings", 4096);
  const auto model = source.checkpoint();
  EXPECT_EQ(all_of(model, "rope_factors_long.weight"), (std::vector<float>{2, 3}));
  EXPECT_EQ(all_of(model, "rope_factors_short.weight"), (std::vector<float>{1, 1.5}));
  EXPECT_NEAR(*model.metadata.number("phi3.rope.scaling.attn_factor"), 1.190238, 1e-6);
  EXPECT_EQ(model.arch_integer("rope.scaling.original_context_length"), 4096);
}

TEST(HfGpt2, turns_the_weights_of_conv1d) {
  HfModel source({{"model_type", "gpt2"},
                  {"n_layer", 1},
                  {"n_embd", 16},
                  {"n_head", 4},
                  {"n_positions", 12},
                  {"activation_function", "gelu_new"}});
  source.tensor("transformer.wte.weight", {10, 16})
      .tensor("transformer.wpe.weight", {12, 16})
      .tensor("transformer.ln_f.weight", {16})
      .tensor("transformer.ln_f.bias", {16})
      .tensor("transformer.h.0.ln_1.weight", {16})
      .tensor("transformer.h.0.ln_1.bias", {16})
      .tensor("transformer.h.0.ln_2.weight", {16})
      .tensor("transformer.h.0.attn.bias", {1, 1, 12, 12})
      .tensor("transformer.h.0.attn.c_attn.weight", {16, 48}, Dtype::kF16)
      .tensor("transformer.h.0.attn.c_attn.bias", {48})
      .tensor("transformer.h.0.attn.c_proj.weight", {16, 16})
      .tensor("transformer.h.0.mlp.c_fc.weight", {16, 64})
      .tensor("transformer.h.0.mlp.c_proj.weight", {64, 16});
  const auto model = source.checkpoint();
  EXPECT_EQ(dims_of(model, "blk.0.attn_qkv.weight"), (Dims{16, 48}));
  EXPECT_EQ(dims_of(model, "blk.0.ffn_down.weight"), (Dims{64, 16}));
  EXPECT_EQ(dims_of(model, "position_embd.weight"), (Dims{16, 12}));
  EXPECT_EQ(dims_of(model, "blk.0.attn_qkv.bias"), (Dims{48}));
  EXPECT_EQ(model.arch_integer("feed_forward_length"), 64);
  EXPECT_EQ(model.arch_integer("context_length"), 12);
  const auto all = all_of(model, "blk.0.attn_qkv.weight");
  const auto& stored = source.values("transformer.h.0.attn.c_attn.weight");
  for (std::size_t n = 0; n < 48; ++n)
    for (std::size_t k = 0; k < 16; ++k) ASSERT_EQ(all[n * 16 + k], stored[k * 48 + n]);
  test::expect_slices_agree(*model.find("blk.0.attn_qkv.weight")->data, 48, 16, all);
  EXPECT_TRUE(model.notes.empty());
}

TEST(HfQuantized, codes_are_decoded_and_their_rows_permuted) {
  const auto vector = test::read_vector("gptq_4bit_v1_sym_g16");
  const std::int64_t out = vector.at("out_features");
  const std::int64_t in = vector.at("in_features");
  HfModel source({{"model_type", "llama"},
                  {"num_hidden_layers", 1},
                  {"hidden_size", in},
                  {"num_attention_heads", out / 8},
                  {"head_dim", 8},
                  {"intermediate_size", 24},
                  {"tie_word_embeddings", true},
                  {"quantization_config", vector.at("quantization_config")}});
  source.tensor("model.embed_tokens.weight", {10, in})
      .tensor("model.norm.weight", {in})
      .tensor(layer_name(0, "input_layernorm.weight"), {in})
      .tensor(layer_name(0, "post_attention_layernorm.weight"), {in})
      .tensor(layer_name(0, "self_attn.k_proj.weight"), {out, in})
      .tensor(layer_name(0, "self_attn.v_proj.weight"), {out, in})
      .tensor(layer_name(0, "self_attn.o_proj.weight"), {in, out})
      .tensor(layer_name(0, "mlp.gate_proj.weight"), {24, in})
      .tensor(layer_name(0, "mlp.up_proj.weight"), {24, in})
      .tensor(layer_name(0, "mlp.down_proj.weight"), {in, 24});
  for (const auto& [name, tensor] : vector.at("tensors").items()) {
    const auto part = test::vector_part(vector, name);
    source.part(layer_name(0, "self_attn.q_proj") + name.substr(1), part.dtype, part.shape,
                {reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size()});
  }
  source.part(layer_name(0, "self_attn.q_proj.bias"), Dtype::kF16, {out},
              std::string(static_cast<std::size_t>(2 * out), '\0'));
  const auto model = source.checkpoint();
  EXPECT_EQ(model.format, "GPTQ");
  EXPECT_EQ(model.find("blk.0.attn_q.bias"), nullptr) << "a bias of zeros that the writer added";
  EXPECT_EQ(model.metadata.integer("quantization.bits"), 4);
  EXPECT_EQ(model.metadata.integer("quantization.group_size"), 16);
  EXPECT_EQ(model.metadata.string("quantization.unquantized"),
            "attn_k, attn_output, attn_v, ffn_down, ffn_gate, ffn_up, token_embd");
  const auto expected = test::numbers(vector.at("expected_W_NxK"));
  constexpr int kFrom[] = {0, 4, 1, 5, 2, 6, 3, 7};
  const auto found = all_of(model, "blk.0.attn_q.weight");
  for (std::int64_t row = 0; row < out; ++row)
    for (std::int64_t k = 0; k < in; ++k)
      ASSERT_EQ(found[static_cast<std::size_t>(row * in + k)],
                static_cast<float>(
                    expected[static_cast<std::size_t>((row / 8 * 8 + kFrom[row % 8]) * in + k)]));
}

TEST(HfQuantized, activations_and_rotations_are_told_by_the_configuration) {
  const auto keys = [](const nlohmann::json& config) {
    model::Metadata metadata;
    hf::describe_quantization({"", config}, {}, metadata);
    return metadata;
  };
  const auto activations = [&](const nlohmann::json& config) {
    return keys(config).string("quantization.activations").value_or("");
  };
  EXPECT_EQ(
      activations(
          {{"config_groups",
            {{"group_0",
              {{"weights", {{"num_bits", 8}}},
               {"input_activations", {{"num_bits", 8}, {"type", "int"}, {"dynamic", true}}}}}}}}),
      "8-bit integer, scales found at run time");
  EXPECT_EQ(activations({{"quant_method", "fp8"}, {"activation_scheme", "static"}}),
            "8-bit float, scales stored in the file");
  EXPECT_EQ(activations({{"quantization", {{"quant_algo", "NVFP4"}}}}),
            "4-bit float, scales stored in the file");
  EXPECT_EQ(activations({{"quantization", {{"quant_algo", "W4A16_AWQ"}}}}), "");
  EXPECT_EQ(
      activations(
          {{"config_groups",
            {{"group_0", {{"weights", {{"num_bits", 4}}}, {"input_activations", nullptr}}}}}}),
      "");
  EXPECT_EQ(keys({{"transform_config", {{"R1", 1}}}}).string("quantization.rotation"),
            "transform_config");
  EXPECT_FALSE(keys({{"transform_config", nlohmann::json::object()}, {"rotation", false}})
                   .string("quantization.rotation"));
}

/// A scale of 0.5 for the inputs of one matrix, as `tensor` holds it.
std::optional<model::InputScale> stored_scale(const nlohmann::json& config,
                                              const std::string& tensor, float value) {
  HfModel source = dense_model("llama").set("quantization_config", config);
  const std::string module = layer_name(1, "mlp.down_proj.");
  source.part(module + tensor, Dtype::kF32, {}, test::bytes_of(std::vector<float>{value}));
  const auto model = source.checkpoint();
  EXPECT_TRUE(model.notes.empty());
  EXPECT_FALSE(model.find("blk.0.ffn_down.weight")->input_scale);
  return model.find("blk.1.ffn_down.weight")->input_scale;
}

TEST(HfQuantized, static_scales_of_inputs_come_with_their_largest_code) {
  const nlohmann::json fp8{{"quant_method", "fp8"}, {"activation_scheme", "static"}};
  const auto scale = stored_scale(fp8, "input_scale", 0.5F);
  ASSERT_TRUE(scale);
  EXPECT_EQ(scale->range(), 0.5 * 448);
  EXPECT_FALSE(scale->integers());
  const auto group = [](nlohmann::json inputs) -> nlohmann::json {
    return {{"quant_method", "compressed-tensors"},
            {"config_groups", {{"group_0", {{"input_activations", std::move(inputs)}}}}}};
  };
  const auto int8 = group({{"num_bits", 8}, {"type", "int"}, {"dynamic", false}});
  ASSERT_TRUE(stored_scale(int8, "input_scale", 0.5F));
  EXPECT_EQ(stored_scale(int8, "input_scale", 0.5F)->range(), 0.5 * 127);
  const auto fp4 = group({{"num_bits", 4}, {"type", "float"}, {"dynamic", "local"}});
  ASSERT_TRUE(stored_scale(fp4, "input_global_scale", 2.0F)) << "it is the inverse";
  EXPECT_EQ(stored_scale(fp4, "input_global_scale", 2.0F)->range(), 0.5 * 6 * 448);
}

TEST(HfQuantized, scales_of_inputs_that_no_runtime_uses_are_left_out) {
  const nlohmann::json fp8{{"quant_method", "fp8"}, {"activation_scheme", "static"}};
  EXPECT_FALSE(stored_scale(fp8, "input_scale", 0.0F));
  EXPECT_FALSE(stored_scale(fp8, "input_scale", NAN));
  EXPECT_FALSE(stored_scale({{"quant_method", "fp8"}, {"activation_scheme", "dynamic"}},
                            "input_scale", 0.5F));
  EXPECT_FALSE(stored_scale({{"quant_method", "fp8"}}, "input_scale", 0.5F));
}

TEST(HfUnknown, keeps_its_names_and_says_what_a_run_lacks) {
  const auto model = dense_model("mamba3").checkpoint();
  EXPECT_EQ(model.architecture(), "mamba3");
  EXPECT_NE(model.find("model.layers.1.mlp.up_proj.weight"), nullptr);
  EXPECT_EQ(model.tensors.size(), 3u + 2 * 9);
  EXPECT_EQ(model.arch_integer("block_count"), 2);
  ASSERT_EQ(model.lacks.size(), 1u);
  EXPECT_EQ(model.lacks[0].substr(0, 50), "a map from model_type mamba3 to llama.cpp's names ");
}

TEST(HfUnknown, an_activation_that_the_runtime_does_not_compute_is_told) {
  EXPECT_EQ(dense_model("llama").set("hidden_act", "relu").checkpoint().lacks.at(0),
            "a runtime for its activation: llama is computed with silu, config.json says relu");
}

}  // namespace
}  // namespace qualm::formats::hf
