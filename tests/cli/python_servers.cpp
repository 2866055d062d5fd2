// What runs models in Python as the candidate: transformers and llama-cpp-python by adapters/, and
// servers of vLLM and llama-cpp-python. The environment variable QUALM_TEST_PYTHON names a Python
// that has them; those that it has not are skipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/program.h"
#include "support/quantized.h"
#include "support/real_server.h"

namespace qualm::cli {
namespace {

using testing::HasSubstr;

const std::string kBase = test::source_file("models/qualm-tiny-base-F16.gguf");

std::string python_with_libraries() {
  const char* const named = std::getenv("QUALM_TEST_PYTHON");
  return named ? named : "python3";
}
const std::string kPython = python_with_libraries();

/// Empty: Python has all of these modules.
std::string lacks(const std::string& modules) {
  return test::run({.words = {kPython, "-c", "import " + modules}}).exit_code == 0
             ? ""
             : "SKIPPED: " + kPython + " lacks one of " + modules +
                   " (QUALM_TEST_PYTHON names one that has them)";
}

/// What `measure` says of a candidate on a few short windows.
nlohmann::json measured(const test::Scratch& scratch, const std::string& candidate,
                        const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"measure", candidate,  "--baseline", kBase, "-c",
                                 "64",      "--chunks", "8",          "-t",  "1",
                                 "-q",      "--format", "json"};
  words.insert(words.end(), more.begin(), more.end());
  const auto ended = test::run_qualm(scratch, words);
  auto document = test::document(ended);
  EXPECT_TRUE(document.contains("results")) << ended.out << ended.err;
  return document;
}

nlohmann::json metrics_of(const nlohmann::json& document, std::size_t place = 0) {
  return document.contains("results") ? document["results"][place]["metrics"] : nlohmann::json();
}

/// The bundled model as a Hugging Face folder that transformers itself has written.
constexpr const char* kWrite = R"(
import sys
from transformers import AutoModelForCausalLM, AutoTokenizer
AutoTokenizer.from_pretrained(sys.argv[1], gguf_file=sys.argv[2]).save_pretrained(sys.argv[4])
model = AutoModelForCausalLM.from_pretrained(sys.argv[1], gguf_file=sys.argv[2], dtype=sys.argv[3])
model.hf_quantizer = None  # else it is not written
del model.config.quantization_config
model.save_pretrained(sys.argv[4])
)";

struct Transformers : testing::Test, test::Scratch {
  void SetUp() override {
    if (const auto why = lacks("torch, transformers, gguf"); !why.empty()) GTEST_SKIP() << why;
    const auto written =
        test::run({.words = {kPython, "-c", kWrite, test::source_file("models"),
                             "qualm-tiny-base-F16.gguf", "float16", path("folder")}});
    ASSERT_EQ(written.exit_code, 0) << written.err;
  }
  /// The folder as transformers runs it with that type.
  [[nodiscard]] nlohmann::json run_as(const std::string& dtype) const {
    const std::string adapter = test::source_file("adapters/transformers_adapter.py");
    return metrics_of(measured(*this, "run:" + kPython + " " + adapter + " folder " + dtype));
  }
};

TEST_F(Transformers, in_float32_it_says_what_qualm_says_of_the_same_weights) {
  const auto metrics = run_as("float32");
  EXPECT_LT(metrics["kld_mean"]["value"], 1e-5) << metrics.dump(1);
  EXPECT_GT(metrics["same_top"]["value"], 0.98);
}

TEST_F(Transformers, bfloat16_loses_a_little) {
  const auto metrics = run_as("bfloat16");
  EXPECT_GT(metrics["kld_mean"]["value"], 1e-5) << metrics.dump(1);
  EXPECT_LT(metrics["kld_mean"]["value"], 1e-2);
}

using Vllm = Transformers;

TEST_F(Vllm, in_float32_it_says_what_qualm_says_of_the_same_weights) {
  if (const auto why = lacks("vllm"); !why.empty()) GTEST_SKIP() << why;
  const test::RealServer server(path("log"), [&](const std::string& port) {
    return test::Command{
        .words = {kPython, "-m", "vllm.entrypoints.openai.api_server", "--model", path("folder"),
                  "--host", "127.0.0.1", "--port", port, "--dtype", "float32", "--enforce-eager",
                  "--max-num-seqs", "4", "--max-logprobs", "128"},
        .environment = {{"CUDA_VISIBLE_DEVICES", ""},
                        {"VLLM_CPU_KVCACHE_SPACE", "1"},
                        {"VLLM_CPU_OMP_THREADS_BIND", "nobind"},
                        {"OMP_NUM_THREADS", "2"},
                        {"VLLM_NO_USAGE_STATS", "1"},
                        {"HF_HUB_OFFLINE", "1"}}};
  });
  ASSERT_TRUE(server.ready(std::chrono::seconds(400))) << test::contents(path("log"));
  const auto metrics = metrics_of(measured(*this, server.address()));
  EXPECT_LT(metrics["kld_mean"]["value"], 1e-5) << metrics.dump(1);
  EXPECT_GT(metrics["same_top"]["value"], 0.98);
}

struct LlamaCppPython : testing::Test, test::Scratch {
  void SetUp() override {
    if (const auto why = lacks("llama_cpp"); !why.empty()) GTEST_SKIP() << why;
    test::make_quantized("Q4_0", kBase, path("q4.gguf"));
  }
  /// The file in it, then in qualm; the KLD of each.
  [[nodiscard]] std::pair<nlohmann::json, nlohmann::json> beside(
      const std::string& parameters) const {
    const std::string adapter = test::source_file("adapters/llama_cpp_python_adapter.py");
    const auto both = measured(*this, "run:" + kPython + " " + adapter + " q4.gguf " + parameters,
                               {"--server-file", "q4.gguf"});
    return {metrics_of(both)["kld_mean"], metrics_of(both, 1)["kld_mean"]};
  }
};

TEST_F(LlamaCppPython, loses_what_the_file_loses_here) {
  const auto [there, here] = beside("n_ctx=128 n_gpu_layers=0");
  EXPECT_LE(there["low"], here["high"]) << there << here;
  EXPECT_GE(there["high"], here["low"]) << there << here;
}

TEST_F(LlamaCppPython, a_cache_that_is_quantized_in_it_is_seen) {
  const auto [there, here] = beside("n_ctx=128 type_k=2 type_v=2 flash_attn=1");  // q4_0
  EXPECT_GT(there["low"], here["high"]) << there << here;
}

TEST_F(LlamaCppPython, its_server_is_refused_with_what_to_give_instead) {
  if (const auto why = lacks("llama_cpp.server.app"); !why.empty()) GTEST_SKIP() << why;
  const test::RealServer server(path("log"), [&](const std::string& port) {
    return test::Command{.words = {kPython, "-m", "llama_cpp.server", "--model", path("q4.gguf"),
                                   "--port", port, "--n_ctx", "128"}};
  });
  ASSERT_TRUE(server.ready(std::chrono::seconds(60))) << test::contents(path("log"));
  const auto ended = test::run_qualm(*this, {"measure", server.address(), "--baseline", kBase});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("adapters/llama_cpp_python_adapter.py"));
}

}  // namespace
}  // namespace qualm::cli
