// One test per error code of the Hugging Face reader: the code and the whole text.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "formats/read.h"
#include "support/hf_model.h"

namespace qualm::formats::hf {
namespace {

namespace fs = std::filesystem;
using codec::Dtype;
using test::dense_model;
using test::HfModel;
using test::layer_name;

constexpr const char* kOriginal = " Compare it with the config.json of the original model.";
constexpr const char* kBelongs =
    " Check that config.json belongs to these weights, and that all files are there.";

std::string refusal(HfModel model, const std::string& key, nlohmann::json value) {
  return model.set(key, std::move(value)).refusal();
}

TEST(HfRefusals, a_model_without_a_type) {
  HfModel model = dense_model("llama");
  model.config.erase("model_type");
  EXPECT_EQ(model.refusal(),
            std::string("error[HF-003] config.json, model_type: expected the model's type, found "
                        "none.") +
                kOriginal);
  model.set("architectures", {"LlamaForCausalLM"});
  EXPECT_EQ(model.refusal(), "accepted");
}

TEST(HfRefusals, a_value_of_the_wrong_type_or_size) {
  const HfModel model = dense_model("llama");
  const std::string start =
      "error[HF-004] config.json, hidden_size: expected a whole number from "
      "1 to 2147483647, found ";
  EXPECT_EQ(refusal(model, "hidden_size", "16"), start + "\"16\"." + kOriginal);
  EXPECT_EQ(refusal(model, "hidden_size", -1), start + "-1." + kOriginal);
  EXPECT_EQ(refusal(model, "hidden_size", 0), start + "0." + kOriginal);
  EXPECT_EQ(refusal(model, "hidden_size", 1e300), start + "1e+300." + kOriginal);
  EXPECT_EQ(refusal(model, "hidden_size", std::uint64_t{1} << 63),
            start + "9223372036854775808." + kOriginal);
  EXPECT_EQ(refusal(model, "rope_theta", "x"),
            std::string("error[HF-004] config.json, rope_theta: expected a number above 0, found "
                        "\"x\".") +
                kOriginal);
}

TEST(HfRefusals, a_missing_key_without_a_default) {
  HfModel model = dense_model("llama");
  model.config.erase("intermediate_size");
  EXPECT_EQ(model.refusal(),
            std::string("error[HF-005] config.json, intermediate_size: expected a number, found "
                        "none.") +
                kOriginal);
}

TEST(HfRefusals, head_counts_that_do_not_divide) {
  HfModel model = dense_model("llama");
  EXPECT_EQ(refusal(model, "num_key_value_heads", 3),
            std::string("error[HF-006] config.json, num_key_value_heads: expected a number that "
                        "divides 4 heads, found 3.") +
                kOriginal);
  EXPECT_EQ(refusal(model, "head_dim", 3),
            std::string("error[HF-006] config.json, head_dim: expected an even number, found 3.") +
                kOriginal);
  model.config.erase("head_dim");
  model.set("num_key_value_heads", 5);
  EXPECT_EQ(refusal(model, "num_attention_heads", 5),
            std::string("error[HF-006] config.json, num_attention_heads: expected a number that "
                        "divides hidden_size 16, found 5.") +
                kOriginal);
}

TEST(HfRefusals, more_layers_than_there_are) {
  EXPECT_EQ(refusal(dense_model("llama"), "num_hidden_layers", 1'000'000'000),
            std::string("error[HF-007] model.safetensors, num_hidden_layers: expected the 2 layers "
                        "that the files have, found 1000000000.") +
                kBelongs);
}

TEST(HfRefusals, a_missing_tensor) {
  EXPECT_EQ(
      dense_model("llama").without(layer_name(1, "mlp.up_proj.weight")).refusal(),
      std::string("error[HF-008] model.safetensors, tensor model.layers.1.mlp.up_proj.weight: "
                  "expected a weight of every module of llama, found none.") +
          kBelongs);
}

TEST(HfRefusals, a_missing_expert) {
  HfModel model = dense_model("mixtral");
  model.set("num_local_experts", 2);
  for (int layer = 0; layer < 2; ++layer) {
    model.tensor(layer_name(layer, "block_sparse_moe.gate.weight"), {2, 16});
    const std::string expert = layer_name(layer, "block_sparse_moe.experts.1.");
    model.tensor(expert + "w1.weight", {24, 16})
        .tensor(expert + "w2.weight", {16, 24})
        .tensor(expert + "w3.weight", {24, 16});
  }
  EXPECT_EQ(model.refusal(),
            std::string("error[HF-008] model.safetensors, tensor blk.0.ffn_gate_exps.weight: "
                        "expected 2 parts, found 1, and no number 0.") +
                kBelongs);
}

TEST(HfRefusals, a_shape_that_is_not_the_configurations) {
  EXPECT_EQ(refusal(dense_model("llama"), "num_key_value_heads", 4),
            std::string("error[HF-009] model.safetensors, tensor model.layers.0.self_attn.k_proj: "
                        "expected shape [16, 16], as config.json says, found shape [8, 16].") +
                kBelongs);
  HfModel bias = dense_model("llama");
  bias.tensor(layer_name(0, "self_attn.q_proj.bias"), {15});
  EXPECT_EQ(bias.refusal(),
            std::string("error[HF-009] model.safetensors, tensor "
                        "model.layers.0.self_attn.q_proj.bias: expected shape [16], found F32 "
                        "[15].") +
                kBelongs);
}

TEST(HfRefusals, a_head_size_that_lies_allocates_nothing) {
  HfModel model = dense_model("llama").set("head_dim", 2147483646);
  model.set("rope_scaling", {{"rope_type", "llama3"}, {"factor", 8.0}});
  EXPECT_EQ(model.refusal().substr(0, 13), "error[HF-009]");
}

TEST(HfRefusals, two_tensors_for_one_place) {
  HfModel model = dense_model("llama");
  model.tensor("language_model.model.norm.weight", {16});
  EXPECT_EQ(model.refusal(),
            std::string("error[HF-011] model.safetensors, tensor "
                        "language_model.model.norm.weight: expected one tensor for "
                        "output_norm.weight, found it and model.norm.weight.") +
                kBelongs);
}

class HfFolder : public testing::Test {
 protected:
  HfFolder()
      : path_(fs::temp_directory_path() /
              (std::string("qualm_hf_") + std::to_string(::getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~HfFolder() override { fs::remove_all(path_); }

  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::string folder() const { return path_.string(); }
  /// With the folder's name left out.
  [[nodiscard]] std::string said(const std::string& path) const {
    const auto read_it = formats::read(path);
    std::string text = read_it ? "accepted" : describe(read_it.error());
    for (auto at = text.find(folder()); at != std::string::npos; at = text.find(folder()))
      text.replace(at, folder().size(), "DIR");
    return text;
  }
  void write_model() const {
    const HfModel model = dense_model("llama");
    write("config.json", model.config.dump());
    write("model.safetensors", model.file_bytes());
  }

 private:
  fs::path path_;
};

TEST_F(HfFolder, is_read_from_each_of_its_names) {
  write_model();
  write("tokenizer_config.json", "{}");
  for (const std::string& path : {folder(), file("config.json"), file("model.safetensors")}) {
    const auto model = formats::read(path);
    ASSERT_TRUE(model.has_value()) << describe(model.error());
    EXPECT_EQ(model->path, path);
    EXPECT_EQ(model->architecture(), "llama");
    ASSERT_EQ(model->files.size(), 3u) << "what decides what the model does is part of it";
    EXPECT_EQ(model->files[1].path, file("config.json"));
    EXPECT_EQ(model->metadata.string("general.name"), fs::path(folder()).filename().string());
  }
}

TEST_F(HfFolder, needs_its_config) {
  write_model();
  fs::remove(file("config.json"));
  EXPECT_EQ(said(folder()),
            "error[HF-001] DIR: expected a config.json beside the weights, found none. Fetch it "
            "from where the model comes from, or name the .safetensors file itself to look at its "
            "tensors.");
  const auto lone = formats::read(file("model.safetensors"));
  ASSERT_TRUE(lone.has_value());
  EXPECT_EQ(lone->format, "safetensors F32");
  EXPECT_EQ(lone->lacks, (std::vector<std::string>{"a config.json beside its weights"}));
  EXPECT_NE(lone->find("model.layers.0.mlp.up_proj.weight"), nullptr);
}

TEST_F(HfFolder, needs_a_config_that_is_json) {
  write_model();
  write("config.json", "{\"model_type\": ");
  EXPECT_EQ(said(folder()).substr(0, 29), "error[HF-002] DIR/config.json");
  write("config.json", "[1]");
  EXPECT_EQ(said(folder()),
            "error[HF-002] DIR/config.json: expected a JSON object, found array. Fetch config.json "
            "of the model again.");
}

TEST_F(HfFolder, with_pickles_only_is_named_as_such) {
  write("config.json", dense_model("llama").config.dump());
  EXPECT_EQ(said(folder()),
            "error[HF-010] DIR: expected weights in safetensors, found none. Fetch the model's "
            "*.safetensors into this folder.");
  write("pytorch_model.bin", "PK");
  EXPECT_EQ(said(folder()),
            "error[HF-010] DIR: expected weights in safetensors, found only pickled ones: "
            "pytorch_model.bin. A pickle can run code when it is read, so qualm does not: take the "
            "model's safetensors, or a GGUF.");
}

TEST_F(HfFolder, beside_a_gguf_asks_which_is_meant) {
  write_model();
  write("model-Q4_K_M.gguf", "GGUF");
  EXPECT_EQ(said(folder()),
            "error[READ-002] DIR: expected one model, found a Hugging Face model and 1 GGUF. Name "
            "the one that is meant, for example DIR/model-Q4_K_M.gguf or config.json.");
  EXPECT_EQ(said(file("config.json")), "accepted");
}

TEST_F(HfFolder, that_is_empty_holds_no_model) {
  EXPECT_EQ(said(folder()),
            "error[READ-001] DIR: expected a model: a GGUF, or config.json and safetensors, found "
            "a folder without one. Name the model file.");
}

TEST_F(HfFolder, takes_the_quantization_from_the_file_that_old_writers_put_it_in) {
  write_model();
  write(
      "quantize_config.json",
      R"({"bits": 4, "group_size": 128, "desc_act": true, "meta": {"quantizer": "gptqmodel:1"}})");
  const auto model = formats::read(folder());
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->metadata.boolean("quantization.desc_act"), true);
  EXPECT_EQ(model->metadata.string("quantization.quantizer"), "gptqmodel:1");
}

}  // namespace
}  // namespace qualm::formats::hf
