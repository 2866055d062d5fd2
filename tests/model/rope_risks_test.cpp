#include "model/rope_risks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qualm::model {
namespace {

using Ids = std::vector<std::string>;

struct RopeFile {
  Checkpoint checkpoint;

  RopeFile(const std::string& architecture, std::size_t vocabulary) {
    checkpoint.metadata.set("general.architecture", architecture);
    checkpoint.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>(vocabulary));
    set("block_count", std::int64_t{32});
    set("context_length", std::int64_t{8192});
  }
  void set(const std::string& key, Value value) {
    checkpoint.metadata.set(checkpoint.architecture() + "." + key, std::move(value));
  }
  [[nodiscard]] Ids risks() const {
    Ids ids;
    for (const Risk& risk : rope_risks(checkpoint)) ids.push_back(risk.id);
    return ids;
  }
};

TEST(RopeRisks, a_llama_3_without_its_base_is_told) {
  RopeFile file("llama", 128256);
  EXPECT_EQ(file.risks(), Ids{"rope_base_default"});
  EXPECT_THAT(rope_risks(file.checkpoint).front().says,
              ::testing::HasSubstr("llama.rope.freq_base is absent, so 10000 is used. Llama 3 "
                                   "models have 500000 or more"));
  file.set("rope.freq_base", 10000.0);
  EXPECT_EQ(file.risks(), Ids{"rope_base_default"});
  file.set("rope.freq_base", 500000.0);
  EXPECT_EQ(file.risks(), Ids{});
}

TEST(RopeRisks, models_that_may_have_the_default_are_not_told) {
  EXPECT_EQ(RopeFile("llama", 32000).risks(), Ids{}) << "Llama 2";
  RopeFile math("qwen2", 151936);  // as in DeepSeek-R1-Distill-Qwen-1.5B
  math.set("context_length", std::int64_t{131072});
  EXPECT_EQ(math.risks(), Ids{});
  RopeFile toy("qwen3", 151936);
  toy.set("block_count", std::int64_t{4});
  EXPECT_EQ(toy.risks(), Ids{});
}

TEST(RopeRisks, yarn_without_the_original_context_is_told) {
  RopeFile file("qwen2", 151936);
  file.set("rope.scaling.type", std::string("yarn"));
  file.set("rope.scaling.factor", 4.0);
  EXPECT_EQ(file.risks(), Ids{"rope_original_context_missing"});
  file.set("rope.scaling.original_context_length", std::int64_t{32768});
  EXPECT_EQ(file.risks(), Ids{});
  file.checkpoint.metadata.erase("qwen2.rope.scaling.original_context_length");
  file.set("rope.scaling.type", std::string("linear"));
  EXPECT_EQ(file.risks(), Ids{});
}

TEST(RopeRisks, a_long_context_without_a_base_or_scaling_for_it_is_told) {
  RopeFile file("llama", 32000);
  file.set("context_length", std::int64_t{131072});
  EXPECT_EQ(file.risks(), Ids{"rope_context_too_long"});
  file.set("rope.freq_base", 1000000.0);
  EXPECT_EQ(file.risks(), Ids{});
  file.set("rope.freq_base", 10000.0);
  file.checkpoint.tensors.emplace_back().name = "rope_freqs.weight";
  EXPECT_EQ(file.risks(), Ids{});
}

}  // namespace
}  // namespace qualm::model
