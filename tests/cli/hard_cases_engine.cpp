// Cases that are easily told wrong: too little text, holes of a calibration that cost nothing, a
// published package against our own recipe.
#include <gtest/gtest.h>

#include "assemble/recipe.h"
#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"
#include "formats/read.h"
#include "support/program.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using test::Scratch;

/// 199 tokens of that model: the start, a blank, and one for each character.
std::string short_text() {
  std::string text;
  while (text.size() < 197) text += "the quick brown fox jumps over the lazy dog and ";
  return text.substr(0, 197);
}

void quantize(const std::string& from, const std::string& to,
              const assemble::QuantizeOptions& options) {
  const auto image = engine::make_llama_quantizer()->quantize(from, options);
  ASSERT_TRUE(image) << describe(image.error());
  ASSERT_TRUE(image->save(to));
}

assemble::QuantizeOptions as(const std::string& mix,
                             const model::Importance* importance = nullptr) {
  assemble::QuantizeOptions options;
  options.mix = mix;
  options.importance = importance;
  return options;
}

nlohmann::json check_of(const Ended& ended, const std::string& id) {
  const auto document = test::document(ended);
  for (const auto& one : document["checks"])
    if (one["id"] == id) return one;
  ADD_FAILURE() << "no check " << id << ": " << ended.err;
  return {};
}

TEST(HardCases, of_199_tokens_nobody_can_tell) {
  const Scratch home;
  test::write(home.path("base.gguf"), RunnableGguf{}.build());
  test::write(home.path("text.txt"), short_text());
  quantize(home.path("base.gguf"), home.path("q4.gguf"), as("Q4_0"));
  for (const std::string command : {"diagnose", "measure"}) {
    const auto run = [&](std::vector<std::string> more) {
      std::vector<std::string> words{command,    "q4.gguf", "--baseline", "base.gguf", "-f",
                                     "text.txt", "-t",      "1",          "-q"};
      words.insert(words.end(), more.begin(), more.end());
      return run_qualm(home, words);
    };
    const Ended whole = run({"-c", "256"});
    EXPECT_EQ(whole.exit_code, 3) << command;
    EXPECT_EQ(whole.err,
              "error[EVAL-001] text: expected at least 256 tokens, one window, found 199 tokens. "
              "Give a longer text with -f, or a smaller -c.\n");
    EXPECT_EQ(run({"-c", "128"}).exit_code, 3) << command;  // one window has no interval
  }
}

TEST(HardCases, nothing_is_held_against_a_baseline_that_is_damaged_itself) {
  const Scratch home;
  std::string bytes = RunnableGguf{}.build();
  test::write(home.path("whole.gguf"), bytes);
  bytes.replace(bytes.size() - 4, 4, std::string("\x00\x00\xc0\x7f", 4));  // F32: a NaN
  test::write(home.path("base.gguf"), bytes);
  test::write(home.path("text.txt"), test::lines_of_text(200));
  const Ended ended = run_qualm(home, {"diagnose", "whole.gguf", "--baseline", "base.gguf", "-f",
                                       "text.txt", "-c", "32", "-t", "1", "-q"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out;
  EXPECT_TRUE(ended.err.starts_with("error[DIAGNOSE-001] ")) << ended.err;
  EXPECT_NE(ended.err.find("The original itself is damaged"), std::string::npos) << ended.err;
}

TEST(HardCases, experts_that_calibration_never_saw_are_told_and_not_blamed_without_a_loss) {
  const Scratch home;
  test::write(home.path("base.gguf"), RunnableGguf{.experts = 8}.build());
  test::write(home.path("text.txt"), test::lines_of_text(200));
  const std::string imatrix = test::source_file("tests/data/imatrix/moe-2x64.gguf");
  const auto importance = formats::read_imatrix(imatrix);
  ASSERT_TRUE(importance) << describe(importance.error());
  quantize(home.path("base.gguf"), home.path("q8.gguf"), as("Q8_0", &*importance));
  const Ended ended = run_qualm(
      home, {"diagnose", "q8.gguf", "--baseline", "base.gguf", "--imatrix", imatrix, "-f",
             "text.txt", "-c", "32", "-t", "1", "-q", "--symptom", "none", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto found = check_of(ended, "calibration");
  EXPECT_EQ(found["status"], "not_examined");  // no text of another kind was read
  std::vector<std::string> gaps;
  for (const auto& evidence : found["evidence"])
    if (evidence["name"].get<std::string>().starts_with("imatrix_"))
      gaps.push_back(evidence["says"]);
  ASSERT_EQ(gaps.size(), 4U) << found;
  EXPECT_EQ(gaps[0], "The importance matrix leaves gaps in 3 of 7 quantized matrices");
  EXPECT_NE(gaps[1].find("saw 0 of 32 on average"), std::string::npos) << gaps[1];
}

TEST(HardCases, a_package_quantized_from_its_own_folder_is_healthy) {
  const std::string folder = test::shared_file("models/tinystories-656k/hf-bf16");
  if (folder.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  const Scratch home;
  test::write(home.path("text.txt"), test::lines_of_text(200));
  const auto package = formats::read(folder);
  ASSERT_TRUE(package) << describe(package.error());
  Progress silent;
  const auto whole = assemble::assemble(*package, nullptr, {}, silent);
  ASSERT_TRUE(whole) << describe(whole.error());
  quantize(whole->path(), home.path("q8.gguf"), as("Q8_0"));
  const Ended ended =
      run_qualm(home, {"diagnose", "q8.gguf", "--baseline", folder, "-f", "text.txt", "-c", "32",
                       "-t", "1", "-q", "--symptom", "none", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err << ended.out;
  EXPECT_EQ(test::document(ended)["verdict"], "healthy");
  EXPECT_EQ(check_of(ended, "not_quant")["status"], "cleared");
}

}  // namespace
}  // namespace qualm::cli
