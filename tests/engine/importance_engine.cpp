// The importance matrix against the file that llama-imatrix 0.7.0 wrote of the same windows:
//   llama-imatrix -m models/qualm-tiny-base-F16.gguf -f corpora/code.txt --chunks 2 -c 128 -b 128
//       --output-format dat -o tests/data/imatrix/code-2x128.dat
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"

namespace qualm {
namespace {

std::string source_file(const std::string& name) { return QUALM_SOURCE_DIR "/" + name; }

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// As llama-imatrix cuts it: the start token, then the text; every window starts with it.
std::vector<engine::Token> two_windows(engine::Model& model, std::size_t size) {
  std::vector<engine::Token> tokens{model.window_start()};
  const auto all = model.tokenize(contents(source_file("corpora/code.txt")), false);
  tokens.insert(tokens.end(), all->begin(), all->end());
  tokens.resize(2 * size);
  tokens[size] = model.window_start();
  return tokens;
}

TEST(importance, agrees_with_the_file_of_llama_imatrix_within_rounding) {
  const auto expected = formats::read_imatrix(source_file("tests/data/imatrix/code-2x128.dat"));
  ASSERT_TRUE(expected) << describe(expected.error());
  const auto engine = engine::make_llama_engine();
  const auto model = engine->load({source_file("models/qualm-tiny-base-F16.gguf"), "tiny"}, 0);
  ASSERT_TRUE(model) << describe(model.error());
  engine::Settings settings;
  settings.ctx_size = 128;
  settings.threads = 1;
  Progress silent;
  const auto made = (*model)->importance(settings, two_windows(**model, 128), silent);
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

}  // namespace
}  // namespace qualm
