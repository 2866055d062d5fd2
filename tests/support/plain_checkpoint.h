// Checkpoints of floats in memory, for what reads weights and keys but runs nothing.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"

namespace qualm::test {

class PlainData : public model::TensorData {
 public:
  PlainData(std::vector<float> values, std::int64_t length)
      : values_(std::move(values)), length_(length) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    std::copy_n(values_.begin() + first * length_, count * length_, out.begin());
    return {};
  }

 private:
  std::vector<float> values_;
  std::int64_t length_;
};

inline model::Tensor plain_tensor(const std::string& name, std::int64_t length,
                                  std::vector<float> values) {
  model::Tensor tensor;
  tensor.name = name;
  tensor.dims = {length, static_cast<std::int64_t>(values.size()) / length};
  tensor.encoding = {"F32", 0};
  tensor.bytes = static_cast<std::int64_t>(values.size() * sizeof(float));
  tensor.data = std::make_shared<PlainData>(std::move(values), length);
  return tensor;
}

/// Weights between -1 and 1 in no pattern.
inline std::vector<float> plain_values(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>((i * 7919 + 104729) % 2003) / 1001.0F - 1.0005F;
  return values;
}

/// A Llama in name, with one matrix of 8 x 512.
inline model::Checkpoint plain_checkpoint(std::vector<float> values = plain_values(8 * 512)) {
  model::Checkpoint checkpoint;
  checkpoint.format = "GGUF v3";
  auto& m = checkpoint.metadata;
  m.set("general.architecture", std::string("llama"));
  m.set("llama.embedding_length", std::int64_t{512});
  m.set("llama.attention.head_count", std::int64_t{8});
  m.set("llama.context_length", std::int64_t{2048});
  m.set("llama.attention.layer_norm_rms_epsilon", 1e-5);
  m.set("tokenizer.ggml.model", std::string("llama"));
  m.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c"});
  m.set("tokenizer.ggml.scores", std::vector<double>{0, -1, -2});
  m.set("tokenizer.chat_template", std::string("{{ messages }}"));
  checkpoint.tensors.push_back(plain_tensor("blk.0.attn_q.weight", 512, std::move(values)));
  return checkpoint;
}

}  // namespace qualm::test
