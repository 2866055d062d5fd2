// Types known without quantizing are those that quantizing gives.
#include "experiment/quant_types.h"

#include <gtest/gtest.h>

#include "engine/llama_engine.h"
#include "formats/read.h"
#include "support/places.h"

namespace qualm::experiment {
namespace {

void expect_types_of_the_whole(const std::string& path, const char* mix,
                               const std::vector<std::pair<std::string, std::string>>& types = {}) {
  const auto model = formats::read(path);
  ASSERT_TRUE(model) << describe(model.error());
  const auto quantizer = engine::make_llama_quantizer();
  const auto options = assemble::quantize_options(mix, types);
  Progress silent;
  const auto told = types_by(options, *model, *quantizer, silent);
  ASSERT_TRUE(told) << describe(told.error());
  const auto image = quantizer->quantize(path, options);
  ASSERT_TRUE(image) << describe(image.error());
  const auto whole = formats::read(image->path());
  ASSERT_TRUE(whole) << describe(whole.error());
  EXPECT_EQ(told->size(), whole->tensors.size());
  EXPECT_TRUE(has_types(*whole, *told)) << mix << " of " << path;
  EXPECT_FALSE(has_types(*model, *told)) << mix;
}

constexpr const char* kBase = "models/qualm-tiny-base-F16.gguf";

TEST(QuantTypes, of_two_rows_of_each_matrix_are_those_of_all_rows) {
  for (const char* mix : {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "Q3_K_M", "Q2_K", "IQ4_XS"})
    expect_types_of_the_whole(test::source_file(kBase), mix);
}

TEST(QuantTypes, follow_the_types_that_are_asked_for_by_name) {
  expect_types_of_the_whole(test::source_file(kBase), "Q4_K_M",
                            {{"ffn_down", "q2_K"}, {"token_embd.weight", "q8_0"}});
}

TEST(QuantTypes, of_a_mixture_of_experts_too) {
  const std::string path = test::shared_file("models/qualm-tiny-moe-F16.gguf");
  if (path.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  for (const char* mix : {"Q4_K_M", "Q6_K", "Q3_K_M"}) expect_types_of_the_whole(path, mix);
}

// Rows of 64: k-quants do not fit, and others are taken in their place.
TEST(QuantTypes, where_rows_do_not_fit_are_those_that_are_taken_instead) {
  const std::string path = test::shared_file("models/stories260k/stories260K.gguf");
  if (path.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  for (const char* mix : {"Q4_K_M", "Q6_K", "Q2_K"}) expect_types_of_the_whole(path, mix);
}

}  // namespace
}  // namespace qualm::experiment
