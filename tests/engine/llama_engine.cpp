// libllama behind the seam: models from files and from memory, logits, tokenizers that throw.
#include "engine/llama_engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "assemble/recipe.h"
#include "formats/gguf/gguf.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm::engine {
namespace {

using test::RunnableGguf;
using test::Scratch;

constexpr const char* kBase = "models/qualm-tiny-base-F16.gguf";

Engine& engine() {
  static const auto instance = make_llama_engine();
  return *instance;
}

std::shared_ptr<Model> loaded(const std::string& path) {
  auto model = engine().load({path, "m"}, engine::on_cpu({}));
  EXPECT_TRUE(model) << (model ? "" : describe(model.error()));
  return model ? *model : nullptr;
}

std::vector<Token> tokens_of(std::int32_t count) {
  std::vector<Token> tokens;
  for (std::int32_t i = 0; i < count; ++i) tokens.push_back(i == 0 ? 1 : 300 + i * 37 % 1000);
  return tokens;
}

/// Logits of positions [first, last) of two windows of 64 tokens, as many per call as fit.
std::vector<float> logits(Model& model, Settings settings, std::int32_t first, std::int32_t last) {
  settings.ctx_size = 64;
  settings.threads = 2;
  auto source = model.open(settings);
  if (!source) {
    ADD_FAILURE() << describe(source.error());
    return {};
  }
  const auto tokens = tokens_of(128);
  std::vector<float> all;
  const std::int32_t at_once = std::min((*source)->windows_per_call(), 2);
  const std::int32_t length = std::min((*source)->tokens_per_call(), 64);
  for (std::int32_t window = 0; window < 2; window += at_once) {
    for (std::int32_t position = 0; position < 64; position += length) {
      std::vector<Piece> pieces;
      for (std::int32_t w = window; w < window + at_once; ++w)
        pieces.push_back({std::span(tokens).subspan(static_cast<std::size_t>(w * 64 + position),
                                                    static_cast<std::size_t>(length)),
                          position, first, last});
      const auto rows = (*source)->logits(pieces);
      if (!rows) {
        ADD_FAILURE() << describe(rows.error());
        return {};
      }
      all.insert(all.end(), rows->begin(), rows->end());
    }
  }
  return all;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  double largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return largest;
}

TEST(LlamaEngine, loads_a_file) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  EXPECT_EQ(model->vocab_size(), 4096);
  EXPECT_EQ(model->window_start(), 1);
  EXPECT_GT(model->trained_context(), 0);
  EXPECT_NE(engine().version().find("libllama "), std::string::npos);
}

TEST(LlamaEngine, an_image_in_memory_gives_the_logits_of_the_file) {
  const std::string path = test::source_file(kBase);
  const auto checkpoint = gguf::read(path);
  ASSERT_TRUE(checkpoint);
  Progress silent;
  const auto image = assemble::assemble(*checkpoint, nullptr, {}, silent);
  ASSERT_TRUE(image) << describe(image.error());
  const auto of_file = logits(*loaded(path), {}, 32, 63);
  ASSERT_EQ(of_file.size(), 2U * 31 * 4096);
  EXPECT_EQ(of_file, logits(*loaded(image->path()), {}, 32, 63));
}

TEST(LlamaEngine, logits_do_not_depend_on_how_many_windows_run_together) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  Settings alone;
  alone.batch = 64;
  const auto one_by_one = logits(*model, alone, 0, 63);
  EXPECT_LT(largest_difference(one_by_one, logits(*model, {}, 0, 63)), 0.02);
  // And they are no constants: two windows differ.
  const auto half = static_cast<std::ptrdiff_t>(one_by_one.size() / 2);
  const std::vector<float> first(one_by_one.begin(), one_by_one.begin() + half);
  const std::vector<float> second(one_by_one.begin() + half, one_by_one.end());
  EXPECT_GT(largest_difference(first, second), 1);
}

TEST(LlamaEngine, a_window_longer_than_a_call_comes_in_pieces) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  Settings pieces;
  pieces.batch = 32;
  const auto in_pieces = logits(*model, pieces, 5, 60);
  EXPECT_EQ(in_pieces.size(), 2U * 55 * 4096);
  EXPECT_LT(largest_difference(in_pieces, logits(*model, {}, 5, 60)), 0.02);
}

TEST(LlamaEngine, the_memory_of_logits_bounds_the_tokens_of_a_call) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  Settings little;
  little.ctx_size = 64;
  little.logits_memory = 1;  // MiB for two models: 32 rows of 4,096 logits each
  const auto source = model->open(little);
  ASSERT_TRUE(source) << describe(source.error());
  EXPECT_EQ((*source)->tokens_per_call(), 32);
  const auto in_pieces = logits(*model, little, 5, 60);
  EXPECT_EQ(in_pieces.size(), 2U * 55 * 4096);
  EXPECT_LT(largest_difference(in_pieces, logits(*model, {}, 5, 60)), 0.02);
}

TEST(LlamaEngine, the_same_run_twice_gives_the_same_bits) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  EXPECT_EQ(logits(*model, {}, 32, 63), logits(*model, {}, 32, 63));
}

TEST(LlamaEngine, a_quantized_cache_changes_the_logits_a_little) {
  const auto model = loaded(test::source_file(kBase));
  ASSERT_TRUE(model);
  Settings q4;
  q4.type_k = "q4_0";
  q4.type_v = "q4_0";
  const double difference =
      largest_difference(logits(*model, {}, 32, 63), logits(*model, q4, 32, 63));
  EXPECT_GT(difference, 0.001);
  EXPECT_LT(difference, 5);
}

std::string refusal(const Settings& settings) {
  const auto model = loaded(test::source_file(kBase));
  const auto source = model->open(settings);
  return source ? "accepted" : describe(source.error());
}

TEST(LlamaEngine, options_that_libllama_does_not_know) {
  Settings settings;
  settings.type_k = "q3_k";
  EXPECT_EQ(refusal(settings),
            "error[ENGINE-004] --cache-type-k: expected f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, "
            "q4_0 or iq4_nl, found q3_k.");
  settings = {};
  settings.type_v = "banana";
  EXPECT_EQ(refusal(settings),
            "error[ENGINE-004] --cache-type-v: expected f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, "
            "q4_0 or iq4_nl, found banana.");
  settings = {};
  settings.flash_attn = "maybe";
  EXPECT_EQ(refusal(settings),
            "error[ENGINE-004] --flash-attn: expected on, off or auto, found maybe.");
}

TEST(LlamaEngine, a_quantized_v_cache_without_flash_attention_is_an_error_and_no_crash) {
  Settings settings;
  settings.type_v = "q8_0";
  settings.flash_attn = "off";
  const std::string said = refusal(settings);
  EXPECT_TRUE(said.starts_with("error[ENGINE-002] m: expected a context of ")) << said;
  EXPECT_NE(said.find("a quantized V cache flash attention."), std::string::npos) << said;
}

TEST(LlamaEngine, a_file_that_libllama_refuses_is_an_error_with_its_words) {
  const Scratch scratch;
  const std::string path = scratch.file(
      "m.gguf", test::GgufBuilder().string("general.architecture", "unheard-of").build());
  const auto model = engine().load({path, "m.gguf"}, engine::on_cpu({}));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, "ENGINE-001");
  EXPECT_EQ(model.error().kind, Kind::engine);
  EXPECT_NE(model.error().found.find("unheard-of"), std::string::npos) << model.error().found;
}

TEST(LlamaEngine, a_vocabulary_with_byte_tokens_takes_any_text) {
  const Scratch scratch;
  const auto model = loaded(scratch.file("m.gguf", RunnableGguf{}.build()));
  ASSERT_TRUE(model);
  const auto tokens = model->tokenize("ab\n\xf0\x9f\x98\x80", engine::SpecialTokens::as_text);
  ASSERT_TRUE(tokens) << describe(tokens.error());
  EXPECT_EQ(model->piece(tokens->back()), "\x80");
  EXPECT_EQ(model->piece(-1), "");
  EXPECT_EQ(model->piece(1 << 20), "");
}

TEST(LlamaEngine, a_tokenizer_that_throws_is_an_error) {
  const Scratch scratch;
  const auto model = loaded(scratch.file("m.gguf", RunnableGguf{.byte_tokens = false}.build()));
  ASSERT_TRUE(model);
  EXPECT_TRUE(model->tokenize("ab", engine::SpecialTokens::as_text));
  const auto tokens = model->tokenize("a\nb", engine::SpecialTokens::as_text);
  ASSERT_FALSE(tokens);
  const std::string said = describe(tokens.error());
  EXPECT_TRUE(
      said.starts_with("error[TOKENIZER-001] m, tokenizer: expected to split the text into "
                       "tokens, found libllama's tokenizer threw '"))
      << said;
  EXPECT_EQ(tokens.error().kind, Kind::input);
  EXPECT_EQ(tokens.error().advice,
            "The file's tokenizer lacks pieces that this text needs (byte tokens, as a rule): "
            "convert the model again with its original tokenizer.");
}

TEST(LlamaEngine, published_files_whose_tokenizer_throws) {
  const std::string path = test::shared_file("models/tinystories-656k/TinyStories-656K.f16.gguf");
  if (path.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  const auto model = loaded(path);
  ASSERT_TRUE(model);
  const auto tokens =
      model->tokenize("Once\tupon a time \xf0\x9f\x98\x80", engine::SpecialTokens::as_text);
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().code, "TOKENIZER-001");
}

TEST(CacheBytes, are_those_of_ggml) {
  EXPECT_EQ(cache_bytes("f16", 64), 128);
  EXPECT_EQ(cache_bytes("q8_0", 64), 68);
  EXPECT_EQ(cache_bytes("q4_0", 64), 36);
  EXPECT_EQ(cache_bytes("banana", 64), 0);
}

}  // namespace
}  // namespace qualm::engine
