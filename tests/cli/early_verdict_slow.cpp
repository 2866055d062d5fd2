// A verdict reached early is that of the whole text.
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/quantized.h"

namespace qualm::cli {
namespace {

TEST(EarlyVerdict, is_that_of_the_whole_text_after_a_small_part_of_it) {
  const test::Scratch scratch;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  test::make_quantized("Q2_K", base, scratch.path("q2.gguf"));
  std::vector<std::string> words{
      "measure",  "q2.gguf", "--baseline", base, "--fail-if", "ppl_change>2%",
      "--format", "json",    "-q",         "-t", "1",         "--chunks",
      "80"};
  const auto early = test::run_qualm(scratch, words);
  words.emplace_back("--full");  // goes on from the windows of the first run
  const auto whole = test::run_qualm(scratch, words);

  EXPECT_EQ(early.exit_code, 1) << early.err;
  EXPECT_EQ(whole.exit_code, 1) << whole.err;
  const auto a = test::document(early);
  const auto b = test::document(whole);
  EXPECT_EQ(a["gates"], b["gates"]);
  const auto& few = a["results"][0];
  const auto& all = b["results"][0];
  EXPECT_TRUE(few["stopped_early"]);
  EXPECT_FALSE(all["stopped_early"]);
  EXPECT_EQ(all["windows"]["read"], 80);
  EXPECT_LE(few["windows"]["read"].get<int>(), 80 / 5) << few["windows"];
  // What the small part says of the loss holds on the whole.
  const double truth = all["metrics"]["kld_mean"]["value"];
  EXPECT_NEAR(few["metrics"]["kld_mean"]["value"].get<double>(), truth, 0.05 * truth);
}

}  // namespace
}  // namespace qualm::cli
