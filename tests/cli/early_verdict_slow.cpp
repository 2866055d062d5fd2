// A verdict reached early is that of the whole text.
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/quantized.h"

namespace qualm::cli {
namespace {

TEST(EarlyVerdict, is_that_of_the_whole_text_after_a_small_part_of_it) {
  const test::Scratch scratch;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  std::vector<std::string> words{"measure"};
  for (const char* tier : {"Q2_K", "Q4_K_M"}) {
    test::make_quantized(tier, base, scratch.path(std::string(tier) + ".gguf"));
    words.push_back(std::string(tier) + ".gguf");
  }
  for (const char* word : {"--baseline", base.c_str(), "--fail-if", "ppl_change>2%", "--format",
                           "json", "-q", "-t", "1", "--chunks", "100"})
    words.emplace_back(word);
  const auto early = test::run_qualm(scratch, words);
  words.emplace_back("--full");  // goes on from the windows of the first run
  const auto whole = test::run_qualm(scratch, words);

  EXPECT_EQ(early.exit_code, 1) << early.err;
  EXPECT_EQ(whole.exit_code, 1) << whole.err;
  const auto a = test::document(early);
  const auto b = test::document(whole);
  EXPECT_EQ(a["gates"], b["gates"]);
  ASSERT_EQ(b["results"].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& read = a["results"][i]["windows"];
    EXPECT_TRUE(a["results"][i]["stopped_early"]);
    EXPECT_FALSE(b["results"][i]["stopped_early"]);
    EXPECT_EQ(b["results"][i]["windows"]["read"], read["total"]);
    EXPECT_LE(3 * read["read"].get<int>(), read["total"].get<int>()) << read;
    // What the small part says of the loss holds on the whole.
    const auto& kld = a["results"][i]["metrics"]["kld_mean"];
    const double truth = b["results"][i]["metrics"]["kld_mean"]["value"];
    EXPECT_NEAR(kld["value"].get<double>(), truth, 0.05 * truth);
  }
}

}  // namespace
}  // namespace qualm::cli
