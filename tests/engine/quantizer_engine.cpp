// libllama's quantizer behind the seam: what it writes is llama-quantize's, to the byte.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/sha256.h"
#include "engine/llama_engine.h"
#include "formats/gguf/gguf.h"
#include "support/places.h"
#include "support/process.h"
#include "support/runnable_gguf.h"

namespace qualm::engine {
namespace {

using test::Scratch;

constexpr const char* kBase = "models/qualm-tiny-base-F16.gguf";

/// llama-quantize 0.7.0's output of the bundled model, on x86-64.
constexpr const char* kQ4KM = "1e79b55da1f6c7e8f36516bec0c7b02aa366a88e12228e06df367af915f947ff";

assemble::QuantizeOptions mix(const std::string& name) {
  assemble::QuantizeOptions options;
  options.mix = name;
  return options;
}

std::string made(const assemble::QuantizeOptions& options) {
  const auto image = make_llama_quantizer()->quantize(test::source_file(kBase), options);
  return image ? test::contents(image->path()) : describe(image.error());
}

std::string sha256(const std::string& bytes) {
  Sha256 hash;
  hash.add(std::as_bytes(std::span(bytes)));
  return std::move(hash).hex();
}

TEST(Quantizer, q4_k_m_is_llama_quantizes_by_its_hash) {
#if !defined(__x86_64__)
  GTEST_SKIP() << "SKIPPED: the stored hash is that of x86-64";
#endif
  EXPECT_EQ(sha256(made(mix("Q4_K_M"))), kQ4KM);
}

TEST(Quantizer, every_tier_of_the_ladder_is_what_the_tool_beside_us_writes) {
  const std::string peer = test::source_file("tools/peer.sh");
  if (test::run({.words = {peer, "llama-quantize", "--help"}}).exit_code == 127)
    GTEST_SKIP() << "SKIPPED: no llama-quantize here (tools/setup.sh peers brings it)";
  const Scratch scratch;
  for (const std::string tier : {"Q4_K_M", "Q2_K", "Q8_0", "Q3_K_S"}) {
    const std::string theirs = scratch.path(tier + ".gguf");
    const auto ran =
        test::run({.words = {peer, "llama-quantize", test::source_file(kBase), theirs, tier}});
    ASSERT_TRUE(std::filesystem::exists(theirs)) << ran.out << ran.err;
    EXPECT_TRUE(made(mix(tier)) == test::contents(theirs)) << tier << " differs";
  }
}

TEST(Quantizer, f32_widens_and_loses_nothing) {
  const auto wide = gguf::read(memory_file("f32", made(mix("F32"))));
  const auto base = gguf::read(test::source_file(kBase));
  ASSERT_TRUE(wide && base);
  ASSERT_EQ(wide->tensors.size(), base->tensors.size());
  for (const model::Tensor& tensor : wide->tensors) EXPECT_EQ(tensor.encoding.name, "F32");
  const std::string name = "blk.0.attn_q.weight";
  std::vector<float> a(static_cast<std::size_t>(base->find(name)->parameters()));
  std::vector<float> b(a.size());
  ASSERT_TRUE(base->find(name)->data->rows(0, base->find(name)->row_count(), a));
  ASSERT_TRUE(wide->find(name)->data->rows(0, base->find(name)->row_count(), b));
  EXPECT_EQ(a, b);
}

TEST(Quantizer, types_of_single_tensors_can_be_chosen) {
  assemble::QuantizeOptions options = mix("Q2_K");
  options.token_embedding_type = "q8_0";
  options.overrides = {{"attn_k", "Q6_K"}};
  const auto model = gguf::read(memory_file("m", made(options)));
  ASSERT_TRUE(model) << describe(model.error());
  EXPECT_EQ(model->find("token_embd.weight")->encoding.name, "Q8_0");
  EXPECT_EQ(model->find("blk.0.attn_k.weight")->encoding.name, "Q6_K");
  EXPECT_EQ(model->find("blk.0.ffn_gate.weight")->encoding.name, "Q2_K");
}

/// Of the mixture below, whose first expert saw `count` inputs of that mean square.
std::string made_where_the_first_expert_saw(std::int64_t count, float mean_square) {
  const Scratch scratch;
  const std::string path = scratch.file("moe.gguf", test::RunnableGguf{.experts = 4}.build());
  model::ImportanceEntry entry{"blk.0.ffn_up_exps.weight", {}, {count, 9, 9, 9}};
  for (std::size_t i = 0; i < 4 * test::RunnableGguf::kWidth; ++i)
    entry.mean_squares.push_back(i < test::RunnableGguf::kWidth ? mean_square
                                                                : static_cast<float>(i % 7));
  const model::Importance importance{{entry}, ""};
  assemble::QuantizeOptions options = mix("Q4_0");
  options.importance = &importance;
  const auto image = make_llama_quantizer()->quantize(path, options);
  return image ? test::contents(image->path()) : describe(image.error());
}

TEST(Quantizer, an_expert_that_calibration_never_saw_is_weighed_evenly_as_llama_quantize_does) {
  const std::string unseen = made_where_the_first_expert_saw(0, 0);
  EXPECT_TRUE(unseen.starts_with("GGUF")) << unseen.substr(0, 200);
  EXPECT_TRUE(unseen == made_where_the_first_expert_saw(9, 1));
  EXPECT_FALSE(unseen == made_where_the_first_expert_saw(9, 0));
}

TEST(Quantizer, names_that_llama_quantize_does_not_know) {
  EXPECT_EQ(made(mix("Q9_K")),
            "error[ENGINE-010] quantization mix: expected a name that llama-quantize knows, found "
            "Q9_K.");
  const std::string said =
      "error[ENGINE-010] tensor type: expected a name that llama-quantize knows, found q9.";
  assemble::QuantizeOptions options = mix("Q4_K_M");
  options.token_embedding_type = "q9";
  EXPECT_EQ(made(options), said);
  options = mix("Q4_K_M");
  options.overrides = {{"attn", "q9"}};
  EXPECT_EQ(made(options), said);
  options.overrides = {{"attn", "deprecated"}};  // what ggml calls the types it has removed
  EXPECT_TRUE(made(options).starts_with("error[ENGINE-010] "));
}

TEST(Quantizer, what_libllama_refuses_is_an_error_with_its_words) {
  const Scratch scratch;
  const std::string path = scratch.file("m.gguf", "no GGUF");
  const auto image = make_llama_quantizer()->quantize(path, mix("Q4_K_M"));
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, "ENGINE-011");
  EXPECT_EQ(image.error().kind, Kind::engine);
  EXPECT_FALSE(image.error().found.empty());
  // A tier that needs an importance matrix, without one.
  EXPECT_TRUE(made(mix("IQ2_XXS")).starts_with("error[ENGINE-011] "));
}

}  // namespace
}  // namespace qualm::engine
