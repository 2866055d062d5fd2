#include "diagnose/remedy_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::diagnose {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

struct Prescribed {
  model::Checkpoint candidate = test::plain_checkpoint();
  model::Checkpoint baseline = test::plain_checkpoint();

  Fix in(const std::string& runtime, const std::string& original, double bits) {
    baseline.format = "safetensors BF16";
    const Given given{.candidate = &candidate,
                      .baseline = &baseline,
                      .candidate_path = "tiny-awq",
                      .baseline_path = original,
                      .runtime = runtime};
    const double bytes = bits / 8 * static_cast<double>(candidate.parameters());
    return in_format_of(given, {.name = "Q4_K_M",
                                .command = "llama-quantize",
                                .bytes = static_cast<std::int64_t>(bytes),
                                .weights = experiment::requantized("Q4_K_M")});
  }
};

TEST(RemedyCommand, without_another_runtime_a_fix_stays_as_it_is) {
  for (const char* runtime : {"", "llama.cpp"})
    EXPECT_EQ(Prescribed().in(runtime, "orig", 4.8).command, "llama-quantize");
}

TEST(RemedyCommand, a_fix_is_in_the_format_of_the_runtime_and_is_not_measured) {
  const Fix fix = Prescribed().in("vllm", "orig", 4.8);
  EXPECT_EQ(fix.name, "GPTQ W4A16");
  EXPECT_FALSE(fix.weights);
  EXPECT_THAT(fix.command, HasSubstr("llmcompressor"));
  EXPECT_THAT(fix.command, EndsWith(" orig tiny-awq-fixed"));
  EXPECT_THAT(fix.effect, HasSubstr("is not measured"));
  EXPECT_THAT(Prescribed().in("exllamav2", "orig", 4.8).command, HasSubstr("-b 4.8"));
  EXPECT_EQ(Prescribed().in("transformers", "orig", 6.6).name, "GPTQ at 8 bits");
}

TEST(RemedyCommand, a_path_is_never_part_of_the_code) {
  const Fix fix = Prescribed().in("vllm", "a'; rm -rf ~", 4.8);
  EXPECT_THAT(fix.command, EndsWith(R"( 'a'\''; rm -rf ~' tiny-awq-fixed)"));
}

TEST(RemedyCommand, what_the_original_has_in_four_bits_stays_so) {
  Prescribed prescribed;
  model::Tensor experts = prescribed.baseline.tensors.front();
  experts.name = "blk.0.ffn_up_exps.weight";
  experts.encoding = {"MXFP4", 39};
  prescribed.baseline.tensors.push_back(experts);
  prescribed.baseline.format = "GGUF v3";
  const Given given{.candidate = &prescribed.candidate,
                    .baseline = &prescribed.baseline,
                    .candidate_path = "tiny.gguf",
                    .baseline_path = "orig.gguf"};
  EXPECT_THAT(quantize_command(given, experiment::requantized("Q4_K_M")),
              HasSubstr("--tensor-type ffn_up_exps.weight=MXFP4"));
}

}  // namespace
}  // namespace qualm::diagnose
