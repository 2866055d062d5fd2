// The figures of llama-perplexity 0.7.0, as tests/data/reference/llama-perplexity.txt holds them,
// against `measure --protocol llama.cpp` on the same models and text.
//
// Equal to the digits it prints: PPL(Q), mean and RMS of delta-p, and mean KLD but for Q2_K
// (0.057284 here, 0.057285 there). Where it differs, its base file is why, as
// tests/engine/sixteen_bits_engine.cpp shows: that keeps the
// baseline's log-probabilities in 16 bits, in steps of up to 16/65535 = 0.00024 nat, where ours are
// float32 throughout. The KLD of a single position is then off by at most half a step, and so are
// the percentiles (seen: up to 0.000022); means are off by less than a hundredth of that. PPL(base)
// of the second pass is 78.481523 where the first pass, from float32, says 78.4815 and ours is
// 78.481497. Two most likely tokens within one step of each other tie in 16 bits, and the lower id
// wins: one position of 15,300 (0.0065 %) has the same top only for us.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "support/golden.h"
#include "support/program.h"
#include "support/quantized.h"

namespace qualm::cli {
namespace {

using test::golden;
using test::Scratch;

struct Figure {
  const char* label;   ///< of llama-perplexity
  const char* metric;  ///< ours
  double unit;         ///< ours times this is theirs
  double half_digit;   ///< half of the last digit it prints
  double rounding;     ///< what its 16 bits may add to that
};

constexpr double kKld = 0.5e-6;
constexpr double kOnePosition = 100.0 / (60 * 255);

constexpr Figure kFigures[] = {
    {"Mean PPL(Q) ", "ppl", 1, 0.5e-6, 0},
    {"Mean PPL(base) ", "ppl_baseline", 1, 0.5e-6, 3e-5},
    {"Mean    KLD", "kld_mean", 1, kKld, 2e-7},
    {"Median  KLD", "kld_median", 1, kKld, 2e-6},
    {"90.0%   KLD", "kld_p90", 1, kKld, 1e-5},
    {"95.0%   KLD", "kld_p95", 1, kKld, 1e-5},
    {"99.0%   KLD", "kld_p99", 1, kKld, 1e-5},
    {"99.9%   KLD", "kld_p999", 1, kKld, 2e-5},
    {"Maximum KLD", "kld_max", 1, kKld, 3e-5},
    {"Mean    \xce\x94p", "delta_p_mean", 100, 0.5e-3, 0},
    {"RMS \xce\x94p", "delta_p_rms", 100, 0.5e-3, 0},
    {"Same top p", "same_top", 100, 0.5e-3, kOnePosition},
};

TEST(Golden, the_figures_of_llama_perplexity) {
  const Scratch scratch;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  const std::vector<std::string> tiers{"Q4_K_M", "Q2_K", "Q8_0"};
  std::vector<std::string> words{"measure"};
  for (const std::string& tier : tiers) {
    test::make_quantized(tier, base, scratch.path(tier + ".gguf"));
    words.push_back(tier + ".gguf");
  }
  for (const char* word : {"--baseline", base.c_str(), "--protocol", "llama.cpp", "--chunks", "60",
                           "--format", "json", "--no-cache", "-q", "-t", "1"})
    words.emplace_back(word);
  const auto ended = test::run_qualm(scratch, words);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto results = test::document(ended)["results"];
  ASSERT_EQ(results.size(), tiers.size());
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    EXPECT_EQ(results[i]["windows"]["read"], 60);
    EXPECT_EQ(results[i]["tokens_scored"], 60 * 255);
    for (const Figure& figure : kFigures) {
      const double ours = results[i]["metrics"][figure.metric]["value"].get<double>() * figure.unit;
      EXPECT_NEAR(ours, golden(tiers[i], figure.label),
                  figure.half_digit * 1.0001 + figure.rounding)
          << tiers[i] << " " << figure.metric;
    }
  }
}

// Whichever of the two is the baseline: F16 kernels round activations, F32 kernels do not.
TEST(Golden, f32_and_f16_of_the_same_weights_are_indistinguishable) {
  const Scratch scratch;
  const std::string f16 = test::source_file("models/qualm-tiny-base-F16.gguf");
  test::make_quantized("F32", f16, scratch.path("F32.gguf"));
  for (const auto& [candidate, baseline] :
       {std::pair<std::string, std::string>{"F32.gguf", f16}, {f16, "F32.gguf"}}) {
    const auto ended =
        test::run_qualm(scratch, {"measure", candidate, "--baseline", baseline, "-c", "64",
                                  "--chunks", "16", "--format", "json", "-q", "-t", "1"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    const auto result = test::document(ended)["results"][0];
    EXPECT_LT(result["metrics"]["kld_mean"]["value"].get<double>(), 1e-6);
    EXPECT_NE(result["notes"].dump().find("not distinguishable from the original"),
              std::string::npos)
        << result["metrics"]["kld_mean"].dump() << result["resolution"].dump();
  }
}

TEST(Golden, the_noise_floor_is_measured_once_whatever_the_text) {
  const test::Scratch scratch;
  const std::string f16 = test::source_file("models/qualm-tiny-base-F16.gguf");
  test::make_quantized("Q8_0", f16, scratch.path("Q8_0.gguf"));
  const auto floors = [&](const char* text, const char* cache) {
    const auto ended = test::run_qualm(
        scratch, {"measure", "Q8_0.gguf", "--baseline", f16, "-f", test::source_file(text), "-c",
                  "64", "--chunks", "8", "--format", "json", "-q", cache});
    return test::document(ended)["results"][0]["resolution"];
  };
  const auto of_prose = floors("corpora/frankenstein.txt", "--format=json");
  const auto of_code = floors("corpora/code.txt", "--format=json");
  EXPECT_EQ(of_code, of_prose);
  const auto anew = floors("corpora/code.txt", "--no-cache");
  EXPECT_NE(anew["kld_mean"], of_prose["kld_mean"]);
  EXPECT_NE(anew["candidate_kld_mean"], of_prose["candidate_kld_mean"]);
}

TEST(Golden, a_model_that_loses_far_more_than_noise_is_not_run_against_itself) {
  const test::Scratch scratch;
  const std::string f16 = test::source_file("models/qualm-tiny-base-F16.gguf");
  test::make_quantized("Q2_K", f16, scratch.path("Q2_K.gguf"));
  const auto ended = test::run_qualm(scratch, {"measure", "Q2_K.gguf", "--baseline", f16, "-c",
                                               "64", "--chunks", "16", "--format", "json", "-q"});
  const auto resolution = test::document(ended)["results"][0]["resolution"];
  EXPECT_TRUE(resolution["kld_mean"]["value"].is_number()) << ended.err;
  EXPECT_EQ(resolution["candidate_kld_mean"]["absent"], "the loss is certainly far larger");
}

}  // namespace
}  // namespace qualm::cli
