// Reference packs through the real program, on models of a few kilobytes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"
#include "support/quantized.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using ::testing::HasSubstr;

/// A scratch folder with an original, a text of its own, and the pack of the two.
struct PackHome : test::Scratch {
  PackHome() {
    test::write(path("base.gguf"), RunnableGguf{}.build());
    test::write(path("text.txt"), test::lines_of_text(100));
  }
  [[nodiscard]] Ended make(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"reference", "base.gguf", "-o", "base.qref", "-f",
                                   "text.txt",  "-c",        "32", "--windows", "16",
                                   "-t",        "1",         "-q", "--format",  "json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_qualm(*this, words);
  }
  [[nodiscard]] Ended with_pack(const std::string& command, const std::string& model,
                                std::vector<std::string> more = {}) const {
    std::vector<std::string> words{command, model, "--reference", "base.qref", "-t",
                                   "1",     "-q",  "--format",    "json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_qualm(*this, words);
  }
};

TEST(Reference, a_pack_stands_in_for_an_original_that_is_gone) {
  const PackHome home;
  const Ended made = home.make();
  ASSERT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(test::document(made)["texts"][0]["windows"], 16);
  EXPECT_EQ(test::document(made)["types"].size(), 4U);
  const auto error = test::document(made)["reference_error"];
  EXPECT_EQ(error["of"], "Q4_K_M");
  EXPECT_EQ(error["windows"], 2);
  EXPECT_NE(error["exact"], error["estimated"]) << "a vocabulary of more tokens than a pack holds";
  std::filesystem::rename(home.path("base.gguf"), home.path("copy.gguf"));
  std::filesystem::remove_all(home.path("cache"));
  const Ended ended = home.with_pack("diagnose", "copy.gguf");
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto document = test::document(ended);
  EXPECT_EQ(document["verdict"], "healthy") << document["summary"];
  EXPECT_EQ(document["evidence_level"], "L2");
  EXPECT_EQ(document["reference"]["original"], "base.gguf");
  EXPECT_EQ(document["reference_error"]["exact"], error["exact"]);
  EXPECT_EQ(document["checks"][5]["status"], "not_examined");
}

TEST(Reference, what_the_steps_of_a_file_usually_cost_tells_the_likely_cause) {
  using Types = std::vector<std::pair<std::string, std::string>>;
  const test::Scratch home;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  const Ended made = run_qualm(home, {"reference", base, "-o", "base.qref", "-f",
                                      test::source_file("corpora/frankenstein.txt"), "-c", "128",
                                      "--windows", "16", "-t", "1", "-q", "--format", "json"});
  ASSERT_EQ(made.exit_code, 0) << made.err;
  const auto diagnosed = [&](const std::string& mix, const auto& types) {
    test::make_quantized(mix, base, home.path("quant.gguf"), types);
    const Ended ended = run_qualm(
        home, {"diagnose", "quant.gguf", "--reference", "base.qref", "--accept", "kld_mean<0.006",
               "--symptom", "none", "-t", "1", "-q", "--format", "json"});
    EXPECT_EQ(ended.exit_code, 1) << ended.err;
    return test::document(ended);
  };
  const auto few_bits = diagnosed("Q2_K", Types{});
  EXPECT_EQ(few_bits["principal_cause"], "tier") << few_bits["summary"];
  EXPECT_EQ(few_bits["checks"][1]["estimated"], true);
  EXPECT_EQ(few_bits["estimated"], false) << "the loss itself was measured";
  const auto coarse_class = diagnosed("Q6_K", Types{{"token_embd.weight", "q2_k"}});
  EXPECT_EQ(coarse_class["principal_cause"], "architecture") << coarse_class["summary"];
  EXPECT_THAT(coarse_class["summary"].get<std::string>(),
              testing::StartsWith("Likely: Too few bits in the embedding"));
}

TEST(Reference, measures_what_the_live_original_does) {
  const PackHome home;
  ASSERT_EQ(home.make({"--no-ladder"}).exit_code, 0);
  const Ended by_pack = home.with_pack("measure", "base.gguf", {"--full", "-ctk", "q4_0"});
  ASSERT_EQ(by_pack.exit_code, 0) << by_pack.err;
  const Ended live = run_qualm(
      home, {"measure", "base.gguf", "--baseline", "base.gguf", "-f", "text.txt", "-c", "32",
             "--chunks", "16", "--full", "-ctk", "q4_0", "-t", "1", "-q", "--format", "json"});
  ASSERT_EQ(live.exit_code, 0) << live.err;
  const auto a = test::document(by_pack)["results"][0]["metrics"];
  const auto b = test::document(live)["results"][0]["metrics"];
  EXPECT_NEAR(a["ppl_change"]["value"].get<double>(), b["ppl_change"]["value"].get<double>(), 1e-9);
  EXPECT_EQ(a["same_top"]["value"], b["same_top"]["value"]);
  const double width = b["kld_mean"]["high"].get<double>() - b["kld_mean"]["low"].get<double>();
  EXPECT_NEAR(a["kld_mean"]["value"].get<double>(), b["kld_mean"]["value"].get<double>(), width);
}

TEST(Reference, a_model_that_splits_the_text_otherwise_is_refused_with_the_first_token) {
  const PackHome home;
  ASSERT_EQ(home.make({"--no-ladder"}).exit_code, 0);
  RunnableGguf other;
  other.last_token = "th";
  test::write(home.path("other.gguf"), other.build());
  const Ended ended = home.with_pack("diagnose", "other.gguf");
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err + ended.out, HasSubstr("PACK-006"));
  EXPECT_THAT(ended.err + ended.out, HasSubstr("token "));
  other = {};
  other.extra_tokens = 3;
  test::write(home.path("longer.gguf"), other.build());
  const Ended longer = home.with_pack("measure", "longer.gguf");
  EXPECT_EQ(longer.exit_code, 2);
  EXPECT_THAT(longer.err + longer.out, HasSubstr("vocabulary"));
}

TEST(Reference, inspect_tells_what_a_pack_is) {
  const PackHome home;
  ASSERT_EQ(home.make().exit_code, 0);
  const Ended ended = run_qualm(home, {"inspect", "base.qref"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("reference pack"));
  EXPECT_THAT(ended.out, HasSubstr("Q4_K_M"));
  EXPECT_THAT(ended.out, HasSubstr("text.txt"));
}

TEST(Reference, what_contradicts_the_pack_is_refused_before_anything_runs) {
  const PackHome home;
  ASSERT_EQ(home.make({"--no-ladder"}).exit_code, 0);
  const std::vector<std::vector<std::string>> all{{"--baseline", "base.gguf"},
                                                  {"-f", "text.txt"},
                                                  {"--protocol", "llama.cpp"},
                                                  {"--chunks", "4"},
                                                  {"-c", "64"}};
  for (const auto& more : all) {
    const Ended ended = home.with_pack("measure", "base.gguf", more);
    EXPECT_EQ(ended.exit_code, 2) << more.front();
    EXPECT_THAT(ended.err + ended.out, HasSubstr("PACK-008")) << more.front();
  }
  const Ended neither = run_qualm(home, {"measure", "base.gguf"});
  EXPECT_EQ(neither.exit_code, 2);
  EXPECT_THAT(neither.err, HasSubstr("--reference"));
}

TEST(Reference, a_damaged_pack_is_refused) {
  const PackHome home;
  ASSERT_EQ(home.make({"--no-ladder"}).exit_code, 0);
  std::string bytes = test::contents(home.path("base.qref"));
  test::write(home.path("base.qref"), bytes.substr(0, bytes.size() / 2));
  const Ended ended = home.with_pack("diagnose", "base.gguf");
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err + ended.out, HasSubstr("ST-0"));
}

TEST(Reference, a_pack_is_no_original_and_a_model_no_pack) {
  const PackHome home;
  ASSERT_EQ(home.make({"--no-ladder"}).exit_code, 0);
  const Ended as_original =
      run_qualm(home, {"diagnose", "base.gguf", "--baseline", "base.qref", "-q"});
  EXPECT_EQ(as_original.exit_code, 2);
  EXPECT_THAT(as_original.err, HasSubstr("--reference"));
  const Ended as_pack =
      run_qualm(home, {"diagnose", "base.gguf", "--reference", "base.gguf", "-q"});
  EXPECT_EQ(as_pack.exit_code, 2);
}

}  // namespace
}  // namespace qualm::cli
