#include "model/anatomy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "model/file_type.h"

namespace qualm::model {
namespace {

using testing::ElementsAre;

/// Values for those few tensors whose data the risks look at.
class Values final : public TensorData {
 public:
  explicit Values(std::vector<float> values) : values_(std::move(values)) {}
  Result<void> rows(std::int64_t, std::int64_t, std::span<float> out) const override {
    std::ranges::copy(values_, out.begin());
    return {};
  }

 private:
  std::vector<float> values_;
};

Tensor tensor(std::string name, std::vector<std::int64_t> dims, std::string type, double bits) {
  Tensor out{std::move(name), std::move(dims), {std::move(type), -1}, 0, {}};
  out.bytes = static_cast<std::int64_t>(bits * static_cast<double>(out.parameters()) / 8);
  return out;
}

/// A model without anything to complain about.
Checkpoint healthy() {
  Checkpoint model;
  model.metadata.set("general.architecture", std::string("llama"));
  model.metadata.set("general.author", std::string("somebody"));
  model.metadata.set("general.file_type", std::uint64_t{15});
  model.metadata.set("llama.embedding_length", std::uint64_t{256});
  model.metadata.set("llama.attention.head_count", std::uint64_t{8});
  model.metadata.set("llama.context_length", std::uint64_t{2048});
  model.metadata.set("tokenizer.ggml.model", std::string("llama"));
  model.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  model.tensors = {tensor("token_embd.weight", {256, 100}, "Q4_K", 4.5),
                   tensor("blk.0.attn_norm.weight", {256}, "F32", 32),
                   tensor("blk.0.attn_q.weight", {256, 256}, "Q4_K", 4.5),
                   tensor("blk.0.ffn_down.weight", {256, 256}, "Q6_K", 6.5625),
                   tensor("blk.0.ffn_up.weight", {256, 256}, "Q4_K", 4.5),
                   tensor("output.weight", {256, 100}, "Q6_K", 6.5625)};
  return model;
}

std::vector<Risk> risks_of(const Checkpoint& model) { return static_risks(model, anatomy(model)); }

/// What is said under this id; "" if nothing is.
std::string risk(const Checkpoint& model, std::string_view id) {
  for (const Risk& one : risks_of(model))
    if (one.id == id) return one.says;
  return "";
}

Tensor& named(Checkpoint& model, std::string_view name) {
  return *std::ranges::find(model.tensors, name, &Tensor::name);
}

TEST(TensorClass, names_are_sorted_into_classes) {
  using enum TensorClass;
  const std::pair<std::string_view, TensorClass> cases[] = {
      {"token_embd.weight", token_embd},
      {"token_embd_norm.weight", norm},
      {"output.weight", output},
      {"output_norm.weight", norm},
      {"blk.0.attn_q.weight", attn_q},
      {"blk.0.attn_q_a.weight", attn_q},
      {"blk.0.attn_q_norm.weight", norm},
      {"blk.11.attn_k.weight", attn_k},
      {"blk.0.attn_k.bias", bias},
      {"blk.0.attn_v.weight", attn_v},
      {"blk.0.attn_qkv.weight", attn_qkv},
      {"blk.0.attn_kv_a_mqa.weight", attn_qkv},
      {"blk.0.attn_kv_a_norm.weight", norm},
      {"blk.0.attn_output.weight", attn_output},
      {"blk.0.attn_sinks.weight", other},
      {"blk.0.ffn_gate.weight", ffn_gate},
      {"blk.0.ffn_up.weight", ffn_up},
      {"blk.0.ffn_down.weight", ffn_down},
      {"blk.0.ffn_gate_inp.weight", router},
      {"blk.0.ffn_gate_inp_shexp.weight", router},
      {"blk.0.ffn_gate_exps.weight", experts},
      {"blk.0.ffn_up_shexp.weight", shared_experts},
      {"blk.0.ssm_in.weight", ssm},
      {"blk.0.ssm_norm.weight", norm},
      {"blk.0.time_mix_key.weight", ssm},
      {"enc.blk.3.attn_q.weight", attn_q},
      {"rope_freqs.weight", other},
      {"v.blk.0.attn_q.weight", other},
      {"", other},
      {"blk.", other},
  };
  for (const auto& [name, expected] : cases)
    EXPECT_EQ(class_name(tensor_class(name)), class_name(expected)) << name;
}

TEST(Anatomy, totals_by_type_and_class) {
  const Anatomy found = anatomy(healthy());
  ASSERT_EQ(found.types.size(), 3);
  EXPECT_EQ(found.types[0].type, "Q4_K");
  EXPECT_EQ(found.types[0].total.tensors, 3);
  EXPECT_EQ(found.types[0].total.parameters, 2 * 65536 + 25600);
  EXPECT_DOUBLE_EQ(found.types[0].total.bits_per_weight(), 4.5);
  std::vector<std::string_view> classes;
  for (const ClassTotal& one : found.classes) classes.push_back(class_name(one.tensor_class));
  EXPECT_THAT(classes, ElementsAre("token_embd", "attn_q", "ffn_up", "ffn_down", "norm", "output"));
  EXPECT_THAT(found.classes[3].types, ElementsAre("Q6_K"));
  EXPECT_EQ(found.matrices.tensors, 3);
  EXPECT_EQ(found.context_length, 2048);
  EXPECT_FALSE(found.experts);
}

TEST(Anatomy, a_class_of_several_types_names_the_most_used_first) {
  Checkpoint model = healthy();
  model.tensors.push_back(tensor("blk.1.ffn_down.weight", {256, 256}, "Q4_K", 4.5));
  model.tensors.push_back(tensor("blk.2.ffn_down.weight", {256, 256}, "Q4_K", 4.5));
  EXPECT_THAT(anatomy(model).classes[3].types, ElementsAre("Q4_K", "Q6_K"));
}

TEST(Anatomy, provenance_is_what_the_file_says_of_its_origin) {
  Checkpoint model = healthy();
  model.metadata.set("quantize.imatrix.file", std::string("wiki.dat"));
  const Anatomy found = anatomy(model);
  EXPECT_THAT(
      found.provenance,
      ElementsAre(std::pair<std::string, std::string>("general.author", "\"somebody\""),
                  std::pair<std::string, std::string>("quantize.imatrix.file", "\"wiki.dat\"")));
}

TEST(Anatomy, experts_are_counted) {
  Checkpoint model = healthy();
  model.metadata.set("llama.expert_count", std::uint64_t{4});
  model.metadata.set("llama.expert_used_count", std::uint64_t{2});
  const Anatomy found = anatomy(model);
  ASSERT_TRUE(found.experts);
  EXPECT_EQ(found.experts->count, 4);
  EXPECT_EQ(found.experts->used, 2);
}

TEST(Anatomy, the_label_is_held_against_the_mix) {
  Checkpoint model = healthy();
  const Anatomy honest = anatomy(model);
  EXPECT_EQ(honest.file_type->label, "Q4_K_M");
  EXPECT_EQ(honest.file_type->most_used, "Q4_K");
  EXPECT_NEAR(honest.file_type->share, 2.0 / 3, 1e-12);
  EXPECT_TRUE(honest.file_type->agrees);
  model.metadata.set("general.file_type", std::uint64_t{kGuessedFileType + 7});
  const Anatomy guessed = anatomy(model);
  EXPECT_TRUE(guessed.file_type->guessed);
  EXPECT_FALSE(guessed.file_type->agrees);
  model.metadata.set("general.file_type", std::uint64_t{999});
  EXPECT_EQ(anatomy(model).file_type->label, "");
  EXPECT_TRUE(anatomy(model).file_type->agrees);
}

TEST(Risks, a_healthy_model_has_none) { EXPECT_TRUE(risks_of(healthy()).empty()); }

TEST(Risks, an_empty_checkpoint_has_no_numbers_to_judge) {
  const auto risks = risks_of({});
  ASSERT_EQ(risks.size(), 1);
  EXPECT_EQ(risks[0].id, "provenance_unknown");
}

TEST(Risks, few_bits) {
  Checkpoint model = healthy();
  for (Tensor& one : model.tensors) one.bytes = one.parameters() * 3 / 8;
  EXPECT_EQ(
      risk(model, "below_floor"),
      "The matrices of the layers have 3.00 bits per weight, without the embedding. The usual "
      "minimum is 4.0.");
  EXPECT_NE(risk(model, "imatrix_not_recorded"), "");
  model.metadata.set("quantize.imatrix.file", std::string("wiki.dat"));
  EXPECT_EQ(risk(model, "imatrix_not_recorded"), "");
  for (Tensor& one : model.tensors) one.bytes = one.parameters() * 17 / 32;
  EXPECT_EQ(risk(model, "below_floor"), "");
  EXPECT_EQ(
      risk(model, "below_q4_k_m"),
      "The matrices of the layers have 4.25 bits per weight, without the embedding. Q4_K_M has "
      "4.5.");
  for (Tensor& one : model.tensors) one.bytes = one.parameters() * 9 / 16;
  EXPECT_TRUE(risks_of(model).empty());
}

TEST(Risks, an_importance_matrix_is_not_missed_where_another_quantizer_worked) {
  Checkpoint model = healthy();
  for (Tensor& one : model.tensors) one.bytes = one.parameters() * 3 / 8;
  model.metadata.set("quantization.method", std::string("exl2"));
  EXPECT_NE(risk(model, "below_floor"), "");
  EXPECT_EQ(risk(model, "imatrix_not_recorded"), "");
}

TEST(Risks, a_label_that_the_mix_does_not_bear_out) {
  Checkpoint model = healthy();
  model.metadata.set("general.file_type", std::uint64_t{18});
  EXPECT_EQ(risk(model, "label_disagrees"),
            "The file calls itself Q6_K, but 67 % of the layers' matrices are Q4_K.");
}

TEST(Risks, a_type_that_the_rows_do_not_allow_is_no_false_label) {
  Checkpoint model = healthy();
  model.metadata.set("general.file_type", std::uint64_t{15});  // Q4_K_M
  std::erase_if(model.tensors, [](const Tensor& t) { return t.name.starts_with("blk."); });
  model.tensors.push_back(tensor("blk.0.attn_q.weight", {640, 64}, "Q5_0", 5.5));
  EXPECT_EQ(risk(model, "label_disagrees"), "");
  EXPECT_EQ(
      risk(model, "type_replaced"),
      "Q5_0 in place of Q4_K: rows of 640 weights are no multiple of 256. This costs 5.5 bits "
      "per weight instead of 4.5.");
  model.tensors.back() = tensor("blk.0.attn_q.weight", {512, 64}, "Q5_0", 5.5);
  EXPECT_NE(risk(model, "label_disagrees"), "") << "rows of 512 allow Q4_K";
  EXPECT_EQ(risk(model, "type_replaced"), "");
}

TEST(Risks, a_key_bias_with_its_norms) {
  Checkpoint model = healthy();
  for (const auto& [name, size] :
       {std::pair("blk.0.attn_k.bias", 300.0F), std::pair("blk.1.attn_k.bias", 3.0F),
        std::pair("blk.2.attn_k.bias", 6.0F)}) {
    model.tensors.push_back(tensor(name, {2}, "F32", 32));
    model.tensors.back().data = std::make_shared<Values>(std::vector<float>{size, size * 4 / 3});
  }
  EXPECT_EQ(risk(model, "k_bias"),
            "Keys have a bias in 3 layers; its norm is 500 at most (blk.0.attn_k.bias) and 10 in "
            "the median: large ones make a quantized K cache lose precision.");
}

TEST(Risks, heads_that_a_cache_block_does_not_divide) {
  Checkpoint model = healthy();
  model.metadata.set("llama.attention.head_count", std::uint64_t{4});
  model.metadata.set("llama.attention.value_length", std::uint64_t{80});
  EXPECT_EQ(risk(model, "k_head_size"), "");
  EXPECT_EQ(risk(model, "v_head_size"),
            "Heads are 80 wide, not a multiple of 32: the V cache cannot be quantized.");
  model.metadata.set("llama.attention.head_count", std::uint64_t{0});
  EXPECT_EQ(risk(model, "k_head_size"), "");
}

TEST(Risks, a_tied_embedding_of_few_bits) {
  Checkpoint model = healthy();
  std::erase_if(model.tensors, [](const Tensor& t) { return t.name == "output.weight"; });
  EXPECT_EQ(risk(model, "tied_embedding_low"),
            "The embedding is the output matrix as well and has 4.50 bits per weight; "
            "llama-quantize gives such a matrix 5.5 or more.");
  named(model, "token_embd.weight").bytes = 25600 * 3 / 8;
  EXPECT_NE(risk(model, "tied_embedding_crushed"), "");
  EXPECT_EQ(risk(model, "tied_embedding_low"), "");
}

TEST(Risks, a_quantized_router) {
  Checkpoint model = healthy();
  model.tensors.push_back(tensor("blk.0.ffn_gate_inp.weight", {256, 4}, "F32", 32));
  EXPECT_EQ(risk(model, "router_quantized"), "");
  named(model, "blk.0.ffn_gate_inp.weight").bytes = 256 * 4 * 9 / 16;
  EXPECT_NE(risk(model, "router_quantized"), "");
}

TEST(Risks, what_else_the_header_tells) {
  Checkpoint model = healthy();
  model.metadata.erase("general.author");
  EXPECT_NE(risk(model, "provenance_unknown"), "");
  model.metadata.set("general.basename", std::string("tiny"));
  EXPECT_NE(risk(model, "provenance_unknown"), "");
  model.metadata.set("general.tags", std::vector<std::string>{"llama"});
  EXPECT_EQ(risk(model, "provenance_unknown"), "");
  model.metadata.set("prism.hadamard.size", std::uint64_t{128});
  EXPECT_NE(risk(model, "weights_rotated"), "");
  model.metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  EXPECT_NE(risk(model, "pre_tokenizer_missing"), "");
  model.metadata.set("tokenizer.ggml.pre", std::string("llama-bpe"));
  EXPECT_EQ(risk(model, "pre_tokenizer_missing"), "");
  model.tensors.push_back(tensor("blk.0.attn_sinks.weight", {8}, "F32", 32));
  EXPECT_NE(risk(model, "attention_sinks"), "");
}

}  // namespace
}  // namespace qualm::model
