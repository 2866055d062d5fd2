// A GGUF of a few kilobytes that libllama loads and runs: one llama layer with made-up weights.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "support/gguf_builder.h"

namespace qualm::test {

/// A text for it: so many lines, no two alike.
inline std::string lines_of_text(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "the quick brown fox jumps over line " + std::to_string(i * i) + "\n";
  return text;
}

struct RunnableGguf {
  /// Without byte tokens libllama's tokenizer throws at the first character it has no piece for.
  bool byte_tokens = true;
  std::string last_token = "z";            ///< the last of the vocabulary
  std::int64_t extra_tokens = 0;           ///< appended after it
  bool nan_weight = false;                 ///< one weight of the output matrix is NaN
  std::string chat_template{};             ///< empty: none
  std::int64_t experts = 0;                ///< a mixture of so many, two of which are used
  std::uint32_t rope_dimensions = kWidth;  ///< libllama refuses any other than the head's
  std::uint32_t context = 256;             ///< tokens that it was trained for

  static constexpr std::int64_t kWidth = 32;
  static constexpr std::int64_t kFeedForward = 64;

  [[nodiscard]] std::vector<std::string> tokens() const {
    std::vector<std::string> all{"<unk>", "<s>", "</s>"};
    if (byte_tokens) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      for (std::size_t byte = 0; byte < 256; ++byte)
        all.push_back(std::string("<0x") + kDigits[byte / 16] + kDigits[byte % 16] + ">");
    }
    all.emplace_back("\xe2\x96\x81");  // SentencePiece's blank
    for (char letter = 'a'; letter < 'z'; ++letter) all.emplace_back(1, letter);
    all.push_back(last_token);
    for (std::int64_t i = 0; i < extra_tokens; ++i) all.push_back("extra" + std::to_string(i));
    return all;
  }

  [[nodiscard]] std::string build() const {
    const auto vocabulary = tokens();
    const auto size = static_cast<std::int64_t>(vocabulary.size());
    std::vector<float> scores;
    std::vector<std::int32_t> types;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
      scores.push_back(-static_cast<float>(i));
      const bool byte = byte_tokens && i >= 3 && i < 259;
      types.push_back(i == 0 ? 2 : i < 3 ? 3 : byte ? 6 : 1);
    }
    GgufBuilder file;
    file.string("general.architecture", "llama")
        .string("general.name", "made by a test")
        .u32("llama.context_length", context)
        .u32("llama.embedding_length", kWidth)
        .u32("llama.block_count", 1)
        .u32("llama.feed_forward_length", kFeedForward)
        .u32("llama.attention.head_count", 1)
        .u32("llama.attention.head_count_kv", 1)
        .u32("llama.rope.dimension_count", rope_dimensions)
        .pair("llama.attention.layer_norm_rms_epsilon", 6, le(1e-5F))
        .string("tokenizer.ggml.model", "llama")
        .strings("tokenizer.ggml.tokens", vocabulary)
        .numbers("tokenizer.ggml.scores", 6, scores)
        .numbers("tokenizer.ggml.token_type", 5, types)
        .u32("tokenizer.ggml.bos_token_id", 1)
        .u32("tokenizer.ggml.eos_token_id", 2);
    if (!chat_template.empty()) file.string("tokenizer.chat_template", chat_template);
    add(file, "token_embd.weight", {kWidth, size});
    add(file, "blk.0.attn_norm.weight", {kWidth});
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output"})
      add(file, std::string("blk.0.") + name + ".weight", {kWidth, kWidth});
    add(file, "blk.0.ffn_norm.weight", {kWidth});
    if (experts > 0) {
      file.u32("llama.expert_count", static_cast<std::uint32_t>(experts))
          .u32("llama.expert_used_count", 2);
      add(file, "blk.0.ffn_gate_inp.weight", {kWidth, experts});
      add(file, "blk.0.ffn_gate_exps.weight", {kWidth, kFeedForward, experts});
      add(file, "blk.0.ffn_up_exps.weight", {kWidth, kFeedForward, experts});
      add(file, "blk.0.ffn_down_exps.weight", {kFeedForward, kWidth, experts});
    } else {
      add(file, "blk.0.ffn_gate.weight", {kWidth, kFeedForward});
      add(file, "blk.0.ffn_up.weight", {kWidth, kFeedForward});
      add(file, "blk.0.ffn_down.weight", {kFeedForward, kWidth});
    }
    add(file, "output_norm.weight", {kWidth});
    add(file, "output.weight", {kWidth, size});
    return file.build();
  }

 private:
  void add(GgufBuilder& file, const std::string& name,
           const std::vector<std::int64_t>& dims) const {
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    std::string bytes;
    for (std::int64_t i = 0; i < count; ++i) {
      const auto angle = static_cast<float>(i + static_cast<std::int64_t>(name.size()) * 77);
      float value = dims.size() < 2 ? 1.0F : std::sin(angle * 1.37F) * 0.3F;
      if (nan_weight && name == "output.weight" && i == 40) value = std::nanf("");
      bytes += le(value);
    }
    file.tensor(name, dims, 0, bytes);
  }
};

}  // namespace qualm::test
