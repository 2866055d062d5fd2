#include "model/runtime.h"

#include <gtest/gtest.h>

namespace qualm::model {
namespace {

std::string said(const std::string& format, std::string_view runtime) {
  Checkpoint checkpoint;
  checkpoint.format = format;
  return unsuited(checkpoint, runtime);
}

TEST(Runtime, a_gguf_given_to_exllama_is_named_with_what_to_do) {
  const std::string says = said("GGUF v3", "exllamav3");
  EXPECT_TRUE(says.starts_with("exllamav3 does not load GGUF v3: it reads EXL3")) << says;
  EXPECT_NE(says.find("convert.py"), std::string::npos);
  EXPECT_NE(says.find("run this file with llama.cpp"), std::string::npos);
  EXPECT_NE(said("GGUF v3", "exllamav2"), "");
}

TEST(Runtime, each_loads_its_own) {
  for (const auto& [format, runtime] :
       {std::pair{"GGUF v3", "llama.cpp"}, std::pair{"EXL2", "exllamav2"},
        std::pair{"GPTQ", "exllamav2"}, std::pair{"EXL3", "exllamav3"},
        std::pair{"safetensors BF16", "exllamav3"}, std::pair{"AWQ", "vllm"},
        std::pair{"GGUF v3", "transformers"}, std::pair{"bitsandbytes NF4", "transformers"}})
    EXPECT_EQ(said(format, runtime), "") << format << " " << runtime;
}

TEST(Runtime, exl_formats_are_exllamas_alone) {
  for (const auto runtime : {"llama.cpp", "vllm", "transformers", "exllamav2"})
    EXPECT_NE(said("EXL3", runtime), "") << runtime;
  EXPECT_NE(said("AWQ", "llama.cpp").find("or run this file with vllm or transformers"),
            std::string::npos);
}

TEST(Runtime, one_that_is_not_known_is_not_judged) {
  EXPECT_EQ(said("GGUF v3", "another"), "");
  EXPECT_EQ(said("GGUF v3", ""), "");
}

}  // namespace
}  // namespace qualm::model
