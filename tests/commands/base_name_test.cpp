#include "commands/base_name.h"

#include <gtest/gtest.h>

namespace qualm::commands {
namespace {

TEST(BaseName, what_a_quantizer_adds_is_left_out) {
  for (const char* name :
       {"bartowski/Llama-3.2-3B-Instruct-GGUF", "Llama-3.2-3B-Instruct-Q4_K_M.gguf",
        "Llama 3.2 3B Instruct", "unsloth/llama-3.2-3b-instruct-bnb-4bit",
        "Llama-3.2-3B-Instruct-i1-GGUF", "Llama-3.2-3B-Instruct.qref"})
    EXPECT_EQ(base_name(name), "llama323binstruct") << name;
}

TEST(BaseName, another_size_or_version_is_another_model) {
  EXPECT_NE(base_name("Llama-3.2-3B"), base_name("Llama-3.2-1B"));
  EXPECT_NE(base_name("Llama-3.1-8B"), base_name("Llama-3-8B"));
  EXPECT_NE(base_name("Llama-3.2-3B"), base_name("Llama-3.2-3B-Instruct"));
}

TEST(BaseName, a_name_of_storage_alone_stays_itself) {
  EXPECT_EQ(base_name("gguf"), "gguf");
  EXPECT_EQ(base_name(""), "");
  EXPECT_EQ(base_name("-"), "");
}

}  // namespace
}  // namespace qualm::commands
