// A tied embedding at few bits, which is the output matrix as well: named by check 3, and the loops
// in what it writes are held against those of its baseline on the same prompts and seeds.
#include <gtest/gtest.h>

#include <map>

#include "engine/llama_engine.h"
#include "support/program.h"

namespace qualm::cli {
namespace {

nlohmann::json diagnosed(const std::string& embedding) {
  const test::Scratch home;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  assemble::QuantizeOptions options;
  options.mix = "Q8_0";
  options.token_embedding_type = embedding;
  const auto image = engine::make_llama_quantizer()->quantize(base, options);
  EXPECT_TRUE(image) << describe(image.error());
  EXPECT_TRUE(image->save(home.path("ill.gguf")));
  const auto ended =
      test::run_qualm(home, {"diagnose", "ill.gguf", "--baseline", base, "--symptom", "repetition",
                             "-c", "128", "--chunks", "40", "-t", "1", "-q", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  return test::document(ended);
}

TEST(Loops, of_a_tied_embedding_at_few_bits_are_held_against_those_of_its_baseline) {
  const auto found = diagnosed("tq1_0");
  EXPECT_EQ(found["principal_cause"], "architecture");
  const std::string says = found["summary"];
  EXPECT_TRUE(says.starts_with("Too few bits in the embedding (also the output matrix): ")) << says;
  std::map<std::string, nlohmann::json> figures;
  for (const auto& figure : found["symptoms"]) figures[figure["id"]] = figure;
  const auto repeated = figures["rep_4"];
  ASSERT_TRUE(repeated.is_object()) << found["symptoms"];
  EXPECT_EQ(repeated["finding"], "worse") << repeated;
  EXPECT_GT(repeated["difference"]["low"], 0) << repeated;
  // Loops as such are too few on 24 prompts: told beside the original's, not claimed.
  const std::string loops = figures["loops_sampled"].value("says", "");
  EXPECT_NE(loops.find("; the original: "), std::string::npos) << loops;
}

}  // namespace
}  // namespace qualm::cli
