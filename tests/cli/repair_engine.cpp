// A file is repaired as the diagnosis says, and the diagnosis of the repaired file has no fault.
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using test::Scratch;

struct Home : Scratch {
  Home() {
    test::write(path("base.gguf"), RunnableGguf{}.build());
    test::write(path("text.txt"), test::lines_of_text(300));
  }
  [[nodiscard]] Ended repair(std::vector<std::string> words) const {
    words.insert(words.begin(), "repair");
    return run_qualm(*this, words);
  }
  [[nodiscard]] nlohmann::json diagnosis(const std::string& file) const {
    return test::document(
        run_qualm(*this, {"diagnose", file, "--baseline", "base.gguf", "-f", "text.txt", "-c", "64",
                          "-t", "1", "-q", "--symptom", "none", "--format", "json"}));
  }
};

TEST(Repair, the_command_of_the_diagnosis_mends_the_file) {
  const Home home;
  ASSERT_EQ(home.repair({"base.gguf", "--set", "tokenizer.ggml.eos_token_id=1", "-o", "bad.gguf"})
                .exit_code,
            0);
  const auto bad = home.diagnosis("bad.gguf");
  EXPECT_EQ(bad["principal_cause"], "not_quant");
  const std::string command = bad["remedies"][0]["command"];
  EXPECT_EQ(command,
            "qualm repair bad.gguf --set tokenizer.ggml.eos_token_id=2 -o bad-repaired.gguf");
  ASSERT_EQ(
      home.repair({"bad.gguf", "--set", "tokenizer.ggml.eos_token_id=2", "-o", "bad-repaired.gguf"})
          .exit_code,
      0);
  EXPECT_EQ(home.diagnosis("bad-repaired.gguf")["checks"][0]["status"], "cleared");
  EXPECT_EQ(test::contents(home.path("bad-repaired.gguf")), test::contents(home.path("base.gguf")));
}

TEST(Repair, never_writes_where_a_file_is) {
  const Home home;
  const std::string before = test::contents(home.path("base.gguf"));
  for (const char* place : {"base.gguf", "./base.gguf", "text.txt"}) {
    const Ended ended =
        home.repair({"base.gguf", "--set", "tokenizer.ggml.eos_token_id=1", "-o", place});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find("REPAIR-003"), std::string::npos) << ended.err;
  }
  EXPECT_EQ(test::contents(home.path("base.gguf")), before);
}

TEST(Repair, a_file_that_libllama_would_not_load_is_not_left_behind) {
  const Home home;
  const Ended ended =
      home.repair({"base.gguf", "--set", "llama.rope.dimension_count=30", "-o", "out.gguf"});
  EXPECT_EQ(ended.exit_code, 2) << ended.err;
  EXPECT_NE(ended.err.find("REPAIR-008"), std::string::npos) << ended.err;
  EXPECT_FALSE(std::filesystem::exists(home.path("out.gguf")));
}

}  // namespace
}  // namespace qualm::cli
