// Hugging Face models made on the spot: weights that say where they come from, and a config.json.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "codec/numbers.h"
#include "formats/hf/hf.h"
#include "support/vectors.h"

namespace qualm::test {

class HfModel {
 public:
  explicit HfModel(nlohmann::json made) : config(std::move(made)) {}

  /// Adds a tensor of small whole numbers, other ones for every tensor and row, which every float
  /// type holds exactly.
  HfModel& tensor(const std::string& name, std::vector<std::int64_t> shape,
                  codec::Dtype dtype = codec::Dtype::kF32) {
    std::int64_t count = 1;
    for (const auto n : shape) count *= n;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i)
      values.push_back(static_cast<float>((next_ * 37 + i * 5) % 251) - 100);
    ++next_;
    values_[name] = values;
    return part(name, dtype, std::move(shape), encode(values, dtype));
  }
  HfModel& part(const std::string& name, codec::Dtype dtype, std::vector<std::int64_t> shape,
                std::string bytes) {
    std::erase_if(parts_, [&](const codec::Part& old) { return old.name == name; });
    parts_.push_back(make_part(name, dtype, std::move(shape), std::move(bytes)));
    return *this;
  }
  /// The one tensor in the place of the other.
  HfModel& copy(const std::string& from, const std::string& to) {
    const auto of = std::ranges::find(parts_, from, &codec::Part::name);
    codec::Part made = *of;
    made.name = to;
    without(to);
    parts_.push_back(std::move(made));
    values_[to] = values_[from];
    return *this;
  }
  HfModel& without(const std::string& name) {
    std::erase_if(parts_, [&](const codec::Part& old) { return old.name == name; });
    return *this;
  }
  HfModel& set(const std::string& key, nlohmann::json value) {
    config[key] = std::move(value);
    return *this;
  }

  [[nodiscard]] std::string file_bytes() const { return safetensors_bytes(parts_); }
  [[nodiscard]] Result<model::Checkpoint> read() const {
    const auto container = safetensors::open_file(memory_file("model.safetensors", file_bytes()));
    EXPECT_TRUE(container.has_value()) << (container ? "" : describe(container.error()));
    return formats::hf::make_checkpoint(*container, config, "config.json",
                                        formats::quantization_config(config));
  }
  [[nodiscard]] model::Checkpoint checkpoint() const {
    auto read_it = read();
    EXPECT_TRUE(read_it.has_value()) << (read_it ? "" : describe(read_it.error()));
    return read_it ? *std::move(read_it) : model::Checkpoint{};
  }
  [[nodiscard]] std::string refusal() const {
    const auto read_it = read();
    return read_it ? "accepted" : describe(read_it.error());
  }
  /// Row `r` of a tensor as added, with rows of `length`.
  [[nodiscard]] std::vector<float> row(const std::string& name, std::int64_t r,
                                       std::int64_t length) const {
    const auto begin = values_.at(name).begin() + r * length;
    return {begin, begin + length};
  }
  [[nodiscard]] const std::vector<float>& values(const std::string& name) const {
    return values_.at(name);
  }

  nlohmann::json config;

 private:
  static std::string encode(const std::vector<float>& values, codec::Dtype dtype) {
    if (dtype == codec::Dtype::kF32) return bytes_of(values);
    std::vector<std::uint16_t> halves;
    for (const float value : values)
      halves.push_back(dtype == codec::Dtype::kF16 ? codec::half_from_float(value)
                                                   : codec::bf16_from_float(value));
    return bytes_of(halves);
  }

  std::vector<codec::Part> parts_;
  std::map<std::string, std::vector<float>> values_;
  std::int64_t next_ = 0;
};

/// Row `r` of a checkpoint's tensor.
inline std::vector<float> row_of(const model::Checkpoint& model, const std::string& name,
                                 std::int64_t r) {
  const model::Tensor* tensor = model.find(name);
  if (tensor == nullptr) {
    ADD_FAILURE() << "no tensor " << name;
    return {};
  }
  std::vector<float> out(static_cast<std::size_t>(tensor->row_length()));
  const auto done = tensor->data->rows(r, 1, out);
  EXPECT_TRUE(done.has_value()) << (done ? "" : describe(done.error()));
  return out;
}

inline std::vector<float> all_of(const model::Checkpoint& model, const std::string& name) {
  const model::Tensor* tensor = model.find(name);
  if (tensor == nullptr) {
    ADD_FAILURE() << "no tensor " << name;
    return {};
  }
  return decode_all(*tensor->data, tensor->row_count(), tensor->row_length());
}

// Sizes of every model below: two layers, hidden 16, 4 heads of 4 (2 for keys), feed forward 24.
inline nlohmann::json small_config(const std::string& model_type) {
  return {
      {"model_type", model_type},      {"num_hidden_layers", 2},   {"hidden_size", 16},
      {"num_attention_heads", 4},      {"num_key_value_heads", 2}, {"head_dim", 4},
      {"intermediate_size", 24},       {"vocab_size", 10},         {"tie_word_embeddings", false},
      {"max_position_embeddings", 128}};
}

inline std::string layer_name(int layer, const std::string& rest) {
  return "model.layers." + std::to_string(layer) + "." + rest;
}

inline void add_attention(HfModel& model, int layer, codec::Dtype dtype) {
  model.tensor(layer_name(layer, "input_layernorm.weight"), {16}, dtype)
      .tensor(layer_name(layer, "post_attention_layernorm.weight"), {16}, dtype)
      .tensor(layer_name(layer, "self_attn.q_proj.weight"), {16, 16}, dtype)
      .tensor(layer_name(layer, "self_attn.k_proj.weight"), {8, 16}, dtype)
      .tensor(layer_name(layer, "self_attn.v_proj.weight"), {8, 16}, dtype)
      .tensor(layer_name(layer, "self_attn.o_proj.weight"), {16, 16}, dtype);
}

inline void add_feed_forward(HfModel& model, const std::string& prefix, std::int64_t width,
                             codec::Dtype dtype) {
  model.tensor(prefix + "gate_proj.weight", {width, 16}, dtype)
      .tensor(prefix + "up_proj.weight", {width, 16}, dtype)
      .tensor(prefix + "down_proj.weight", {16, width}, dtype);
}

/// A model with the modules of Llama, that many families share.
inline HfModel dense_model(const std::string& model_type, codec::Dtype dtype = codec::Dtype::kF32) {
  HfModel model(small_config(model_type));
  model.tensor("model.embed_tokens.weight", {10, 16}, dtype);
  for (int layer = 0; layer < 2; ++layer) {
    add_attention(model, layer, dtype);
    add_feed_forward(model, layer_name(layer, "mlp."), 24, dtype);
  }
  model.tensor("model.norm.weight", {16}, dtype).tensor("lm_head.weight", {10, 16}, dtype);
  return model;
}

}  // namespace qualm::test
