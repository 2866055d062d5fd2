// The estimate of rounding against the truth: the bundled models through libllama's quantizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"
#include "formats/read.h"
#include "weights/comparison.h"
#include "weights/quantization_error.h"

namespace qualm::weights {
namespace {

const std::string kModels = std::string(QUALM_SOURCE_DIR) + "/models/";
const std::string kImatrix = std::string(QUALM_SOURCE_DIR) + "/tests/data/imatrix/code-2x128.dat";

struct Made {
  assemble::Image image;
  model::Checkpoint checkpoint;
};

Made quantized(const std::string& path, const std::string& mix, const model::Importance* by) {
  auto image = engine::make_llama_quantizer()->quantize(path, {.mix = mix,
                                                               .token_embedding_type = {},
                                                               .output_tensor_type = {},
                                                               .overrides = {},
                                                               .pure = false,
                                                               .allow_requantize = true,
                                                               .threads = 2,
                                                               .importance = by});
  EXPECT_TRUE(image) << describe(image.error());
  auto checkpoint = *formats::read(image->path());
  return {std::move(*image), std::move(checkpoint)};
}

/// Estimate over truth of every matrix whose grid is uniform: least and largest, by type.
using Ratios = std::map<std::string, std::pair<double, double>>;

void add_ratios(const model::Checkpoint& candidate, const model::Checkpoint& baseline,
                Ratios& ratios) {
  Progress progress;
  const auto compared = compare(candidate, baseline, 2, progress);
  ASSERT_TRUE(compared) << describe(compared.error());
  for (const TensorComparison& tensor : compared->tensors) {
    const auto estimate = quantization_error_of(*candidate.find(tensor.name)).relative_error();
    if (!estimate || tensor.dims.size() < 2) continue;
    const double ratio = *estimate / relative_error(tensor.sums).value();
    auto& [least, largest] = ratios.try_emplace(tensor.encoding, ratio, ratio).first->second;
    least = std::min(least, ratio);
    largest = std::max(largest, ratio);
  }
}

void expect_within_the_band(const Ratios& ratios) {
  for (const auto& [type, range] : ratios) {
    ::testing::Test::RecordProperty(
        type, std::to_string(range.first) + " to " + std::to_string(range.second));
    EXPECT_GT(range.first, kEstimateOverTrueLow) << type;
    EXPECT_LT(range.second, kEstimateOverTrueHigh) << type;
  }
}

TEST(QuantizationError, the_estimate_of_every_matrix_is_within_the_stated_band_of_its_true_error) {
  Ratios ratios;
  for (const char* model : {"qualm-tiny-base-F16.gguf", "qualm-tiny-finetune-F16.gguf"}) {
    const auto baseline = *formats::read(kModels + model);
    for (const char* mix :
         {"Q8_0", "Q6_K", "Q5_K_M", "Q5_1", "Q5_0", "Q4_K_M", "Q4_1", "Q4_0", "Q3_K_M", "Q2_K"})
      add_ratios(quantized(kModels + model, mix, nullptr).checkpoint, baseline, ratios);
  }
  EXPECT_EQ(ratios.size(), 10U);
  expect_within_the_band(ratios);
}

TEST(QuantizationError, the_band_holds_for_quants_made_with_an_importance_matrix) {
  const std::string path = kModels + "qualm-tiny-base-F16.gguf";
  const auto baseline = *formats::read(path);
  const auto importance = *formats::read_imatrix(kImatrix);
  Ratios ratios;
  for (const char* mix : {"Q6_K", "Q4_K_M", "Q4_0", "Q3_K_M", "Q2_K"})
    add_ratios(quantized(path, mix, &importance).checkpoint, baseline, ratios);
  expect_within_the_band(ratios);
}

TEST(QuantizationError, a_grid_that_is_not_uniform_is_not_estimated) {
  const auto made = quantized(kModels + "qualm-tiny-base-F16.gguf", "IQ4_XS", nullptr);
  const auto estimate =
      quantization_error_of(*made.checkpoint.find("blk.0.ffn_up.weight")).relative_error();
  ASSERT_FALSE(estimate);
  EXPECT_NE(estimate.error().find("IQ4_XS"), std::string::npos) << estimate.error();
}

TEST(QuantizationError, a_crushed_class_stands_out_without_a_baseline) {
  auto made = engine::make_llama_quantizer()->quantize(kModels + "qualm-tiny-base-F16.gguf",
                                                       {.mix = "Q6_K",
                                                        .token_embedding_type = "q2_K",
                                                        .output_tensor_type = {},
                                                        .overrides = {},
                                                        .pure = false,
                                                        .allow_requantize = true,
                                                        .threads = 2});
  ASSERT_TRUE(made) << describe(made.error());
  Progress progress;
  const auto classes = quantization_error_by_class(*formats::read(made->path()), progress);
  EXPECT_GT(classes.at(model::TensorClass::token_embd).relative_error().value(), 0.2);
  EXPECT_LT(classes.at(model::TensorClass::ffn_down).relative_error().value(), 0.03);
}

}  // namespace
}  // namespace qualm::weights
