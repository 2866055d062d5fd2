// The importance matrix against the file that llama-imatrix 0.7.0 wrote of the same windows:
//   llama-imatrix -m models/qualm-tiny-base-F16.gguf -f corpora/code.txt --chunks 2 -c 128 -b 128
//       --output-format dat -o tests/data/imatrix/code-2x128.dat
// and, of a mixture of eight experts that a test makes, four of which see nothing of that text:
//   llama-imatrix -m RunnableGguf{.experts = 8} -f test::lines_of_text(200) --chunks 2 -c 64 -b 64
//   --no-ppl
//       -o tests/data/imatrix/moe-2x64.gguf
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"
#include "formats/read.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm {
namespace {

using test::source_file;

/// As llama-imatrix cuts it: the start token, then the text; every window starts with it.
std::vector<engine::Token> two_windows(engine::Model& model, const std::string& text,
                                       std::size_t size) {
  std::vector<engine::Token> tokens{model.window_start()};
  const auto all = model.tokenize(text, engine::SpecialTokens::as_text);
  tokens.insert(tokens.end(), all->begin(), all->end());
  tokens.resize(2 * size);
  tokens[size] = model.window_start();
  return tokens;
}

Result<model::Importance> collected(const std::string& path, const std::string& text,
                                    std::int32_t size) {
  const auto engine = engine::make_llama_engine();
  QUALM_TRY(const auto model, engine->load({path, "tiny"}, engine::on_cpu({})));
  engine::Settings settings;
  settings.ctx_size = size;
  settings.threads = 1;
  Progress silent;
  return model->importance(settings, two_windows(*model, text, static_cast<std::size_t>(size)),
                           silent);
}

void expect_alike(const Result<model::Importance>& made,
                  const Result<model::Importance>& expected) {
  ASSERT_TRUE(expected) << describe(expected.error());
  ASSERT_TRUE(made) << describe(made.error());
  ASSERT_EQ(made->entries.size(), expected->entries.size());
  for (const auto& entry : expected->entries) {
    const auto* ours = made->find(entry.tensor);
    ASSERT_TRUE(ours) << entry.tensor;
    ASSERT_EQ(ours->mean_squares.size(), entry.mean_squares.size());
    for (std::size_t i = 0; i < entry.mean_squares.size(); ++i)
      ASSERT_NEAR(ours->mean_squares[i], entry.mean_squares[i], 1e-4F * entry.mean_squares[i])
          << entry.tensor << " " << i;
  }
}

TEST(importance, agrees_with_the_file_of_llama_imatrix_within_rounding) {
  expect_alike(collected(source_file("models/qualm-tiny-base-F16.gguf"),
                         test::contents(source_file("corpora/code.txt")), 128),
               formats::read_imatrix(source_file("tests/data/imatrix/code-2x128.dat")));
}

TEST(importance, of_a_mixture_counts_what_each_expert_saw_as_llama_imatrix_does) {
  const test::Scratch scratch;
  const auto made = collected(scratch.file("moe.gguf", test::RunnableGguf{.experts = 8}.build()),
                              test::lines_of_text(200), 64);
  const auto expected = formats::read_imatrix(source_file("tests/data/imatrix/moe-2x64.gguf"));
  expect_alike(made, expected);
  std::int64_t inputs = 0;
  for (const auto& entry : expected->entries) {
    if (!entry.tensor.ends_with("_exps.weight")) continue;
    EXPECT_EQ(made->find(entry.tensor)->counts, entry.counts) << entry.tensor;
    EXPECT_EQ(std::ranges::count(entry.counts, 0), 4) << entry.tensor;
    inputs = std::accumulate(entry.counts.begin(), entry.counts.end(), std::int64_t{0});
  }
  EXPECT_EQ(inputs, 2 * 2 * 64);  // two experts for each token of the two windows
}

/// The largest input of the first layer's queries by hand: the embedding, normed.
TEST(importance, keeps_the_largest_input) {
  const std::string path = source_file("models/qualm-tiny-base-F16.gguf");
  const std::string text = test::contents(source_file("corpora/code.txt"));
  const auto made = collected(path, text, 128);
  ASSERT_TRUE(made) << describe(made.error());
  const auto file = formats::read(path);
  const auto model = engine::make_llama_engine()->load({path, "tiny"}, engine::on_cpu({}));
  ASSERT_TRUE(file && model);
  const model::Tensor& norm = *file->find("blk.0.attn_norm.weight");
  const auto columns = static_cast<std::size_t>(norm.row_length());
  std::vector<float> factors(columns), embedding(columns);
  ASSERT_TRUE(norm.data->rows(0, 1, factors));
  const double epsilon = *file->metadata.number("llama.attention.layer_norm_rms_epsilon");
  double largest = 0;
  for (const engine::Token token : two_windows(**model, text, 128)) {
    ASSERT_TRUE(file->find("token_embd.weight")->data->rows(token, 1, embedding));
    double squares = 0;
    for (const float value : embedding) squares += double{value} * double{value};
    const double size = std::sqrt(squares / static_cast<double>(columns) + epsilon);
    for (std::size_t i = 0; i < columns; ++i)
      largest = std::max(largest, std::abs(double{embedding[i]} * double{factors[i]} / size));
  }
  EXPECT_NEAR(double{made->find("blk.0.attn_q.weight")->largest}, largest, 1e-3 * largest);
}

}  // namespace
}  // namespace qualm
