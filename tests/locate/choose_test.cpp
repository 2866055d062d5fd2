#include "locate/choose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qualm::locate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<std::string> kFiles{"BF16/m-BF16-00001-of-00002.gguf",
                                      "BF16/m-BF16-00002-of-00002.gguf",
                                      "README.md",
                                      "m-IQ4_XS.gguf",
                                      "m-Q4_K_M.gguf",
                                      "m-Q8_0.gguf",
                                      "m.imatrix.gguf",
                                      "mmproj-m-f16.gguf",
                                      "mtp-m-Q8_0.gguf"};

TEST(Choose, a_tag_is_found_in_any_letter_case) {
  EXPECT_THAT(choose(kFiles, "q8_0"), ElementsAre("m-Q8_0.gguf"));
  EXPECT_THAT(choose(kFiles, "Q4_K"), IsEmpty()) << "a tag ends with . or -";
  EXPECT_THAT(choose(kFiles, "Q..0"), IsEmpty()) << "a tag is no pattern";
}

TEST(Choose, without_a_tag_it_is_q4_k_m_then_q8_0_then_any) {
  EXPECT_THAT(choose(kFiles, ""), ElementsAre("m-Q4_K_M.gguf"));
  EXPECT_THAT(choose({"m-Q8_0.gguf", "m-IQ4_XS.gguf"}, ""), ElementsAre("m-Q8_0.gguf"));
  EXPECT_THAT(choose({"a-Q6_K.gguf", "b-Q5_0.gguf"}, ""),
              ElementsAre("a-Q6_K.gguf", "b-Q5_0.gguf"));
}

TEST(Choose, of_a_split_model_only_the_first_shard_counts) {
  EXPECT_THAT(choose(kFiles, "BF16"), ElementsAre("BF16/m-BF16-00001-of-00002.gguf"));
}

TEST(Choose, projectors_matrices_and_draft_models_are_no_models) {
  for (const char* other : {"mmproj-m-f16.gguf", "m.imatrix.gguf", "mtp-m.gguf", "eagle3-m.gguf",
                            "x/dflash-m.gguf", "dspark-m.gguf", "m.safetensors", "gguf"})
    EXPECT_FALSE(is_model_file(other)) << other;
  EXPECT_TRUE(is_model_file("mmproj-folder/m.gguf"));
}

TEST(Choose, the_tag_of_a_file_is_the_end_of_its_name) {
  EXPECT_EQ(tag_of("a/m-q4_k_m.gguf"), "Q4_K_M");
  EXPECT_EQ(tag_of("m.i1-IQ2_M-00001-of-00003.gguf"), "IQ2_M");
  EXPECT_EQ(tag_of("model.gguf"), "");
  EXPECT_EQ(tag_of("a.b/model.gguf"), "");
}

TEST(Choose, a_name_has_the_tag_where_that_means_one_file) {
  EXPECT_EQ(name_of("o/r", "m-Q8_0.gguf", kFiles), "o/r:Q8_0");
  EXPECT_EQ(name_of("o/r", "a-Q8_0.gguf", {"a-Q8_0.gguf", "b-Q8_0.gguf"}), "o/r/a-Q8_0.gguf");
  EXPECT_EQ(name_of("o/r", "model.gguf", {"model.gguf"}), "o/r/model.gguf");
}

TEST(Choose, a_folder_with_weights_and_a_config_is_a_model) {
  EXPECT_TRUE(is_safetensors_model({"config.json", "model.safetensors"}));
  EXPECT_FALSE(is_safetensors_model({"config.json"}));
  EXPECT_FALSE(is_safetensors_model({"config.json", "m.gguf", "model.safetensors"}));
  EXPECT_FALSE(is_safetensors_model({"config.json", "text_encoder/model.safetensors"}));
}

}  // namespace
}  // namespace qualm::locate
