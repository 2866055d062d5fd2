// A model that transformers runs, by adapters/transformers_adapter.py, as the candidate. The
// environment variable QUALM_TEST_PYTHON names a Python that has transformers, torch and gguf.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/program.h"

namespace qualm::cli {
namespace {

std::string python_with_transformers() {
  const char* const named = std::getenv("QUALM_TEST_PYTHON");
  return named ? named : "python3";
}

/// The bundled model as a Hugging Face folder that transformers itself has written.
constexpr const char* kWrite = R"(
import sys
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], gguf_file=sys.argv[2], dtype=sys.argv[3])
model.hf_quantizer = None  # else it is not written
del model.config.quantization_config
model.save_pretrained(sys.argv[4])
)";

struct Transformers : testing::Test, test::Scratch {
  void SetUp() override {
    const std::string has = "import torch, transformers, gguf";
    if (test::run({.words = {python, "-c", has}}).exit_code != 0)
      GTEST_SKIP() << "SKIPPED: " << python
                   << " has no transformers (QUALM_TEST_PYTHON names one that has)";
    const auto written =
        test::run({.words = {python, "-c", kWrite, test::source_file("models"),
                             "qualm-tiny-base-F16.gguf", "float16", path("folder")}});
    ASSERT_EQ(written.exit_code, 0) << written.err;
  }
  /// What `measure` says of the folder as transformers runs it with that type.
  [[nodiscard]] nlohmann::json measured(const std::string& dtype) const {
    const std::string adapter = test::source_file("adapters/transformers_adapter.py");
    const auto ended =
        test::run_qualm(*this, {"measure", "run:" + python + " " + adapter + " folder " + dtype,
                                "--baseline", test::source_file("models/qualm-tiny-base-F16.gguf"),
                                "-c", "64", "--chunks", "4", "-t", "1", "-q", "--format", "json"});
    const auto document = test::document(ended);
    EXPECT_TRUE(document.contains("results")) << ended.out << ended.err;
    return document.contains("results") ? document["results"][0]["metrics"] : document;
  }
  std::string python = python_with_transformers();
};

TEST_F(Transformers, in_float32_it_says_what_qualm_says_of_the_same_weights) {
  const auto metrics = measured("float32");
  EXPECT_LT(metrics["kld_mean"]["value"], 1e-5) << metrics.dump(1);
  EXPECT_GT(metrics["same_top"]["value"], 0.98);
}

TEST_F(Transformers, bfloat16_loses_a_little) {
  const auto metrics = measured("bfloat16");
  EXPECT_GT(metrics["kld_mean"]["value"], 1e-5) << metrics.dump(1);
  EXPECT_LT(metrics["kld_mean"]["value"], 1e-2);
}

}  // namespace
}  // namespace qualm::cli
