// Check 3 from the file alone, on real quantizers: whom it suspects, and whom it must not.
#include <gtest/gtest.h>

#include <string>

#include "diagnose/checks.h"
#include "engine/llama_engine.h"
#include "formats/read.h"
#include "support/file_facts.h"

namespace qualm::diagnose {
namespace {

const std::string kModel = std::string(QUALM_SOURCE_DIR) + "/models/qualm-tiny-base-F16.gguf";

Finding examined(const std::string& mix, const std::string& embedding,
                 const std::vector<std::pair<std::string, std::string>>& overrides = {}) {
  const auto made =
      engine::make_llama_quantizer()->quantize(kModel, {.mix = mix,
                                                        .token_embedding_type = embedding,
                                                        .output_tensor_type = {},
                                                        .overrides = overrides,
                                                        .pure = false,
                                                        .allow_requantize = true,
                                                        .threads = 2});
  EXPECT_TRUE(made) << describe(made.error());
  const auto candidate = *formats::read(made->path());
  Facts facts;
  facts.given.candidate = &candidate;
  test::read_files(facts);
  return *check_architecture(facts);
}

TEST(ArchitectureOfAFile, no_class_of_a_standard_type_is_suspected) {
  for (const char* mix : {"Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "Q4_0", "Q3_K_L",
                          "Q3_K_M", "Q3_K_S", "Q2_K", "IQ4_XS"}) {
    const auto found = examined(mix, "");
    EXPECT_EQ(found.status, Status::not_examined) << mix << ": " << found.headline;
  }
}

TEST(ArchitectureOfAFile, crushed_classes_are_named) {
  for (const auto& [mix, type] :
       {std::pair{"Q6_K", "q2_K"}, std::pair{"Q8_0", "q3_K"}, std::pair{"Q4_K_M", "q2_K"}}) {
    const auto found = examined(mix, type);
    EXPECT_EQ(found.status, Status::cannot_tell);
    EXPECT_TRUE(found.headline.starts_with("suspected: too few bits in the embedding"))
        << found.headline;
    RecordProperty(mix, found.headline);
  }
  const auto found = examined("Q8_0", "", {{"ffn_down", "q2_K"}});
  EXPECT_TRUE(found.headline.starts_with("suspected: too few bits in feed-forward down"))
      << found.headline;
}

}  // namespace
}  // namespace qualm::diagnose
