// The command that a calibration's fix prints, run by llama-imatrix itself.
#include <gtest/gtest.h>

#include <sstream>

#include "diagnose/remedy_command.h"
#include "engine/llama_engine.h"
#include "evaluate/text_windows.h"
#include "formats/imatrix/imatrix.h"
#include "support/places.h"
#include "support/process.h"

namespace qualm::diagnose {
namespace {

constexpr std::int32_t kWindow = 128;
constexpr std::int32_t kWindows = 6;
constexpr float kRounding = 3e-3F;  // relative: llama-imatrix runs several windows in one batch

std::string model_path() { return test::source_file("models/qualm-tiny-base-F16.gguf"); }
std::string text_path() { return test::source_file("corpora/code.txt"); }

/// As qualm cuts the text of a diagnosis.
Result<model::Importance> of_all_windows() {
  const auto engine = engine::make_llama_engine();
  QUALM_TRY(const auto model, engine->load({model_path(), "tiny"}, engine::on_cpu({})));
  QUALM_TRY(auto tokens,
            model->tokenize(test::contents(text_path()), engine::SpecialTokens::parsed));
  QUALM_TRY(const auto windows, evaluate::cut(std::move(tokens), {.ctx_size = kWindow,
                                                                  .start = model->window_start(),
                                                                  .limit = kWindows}));
  Progress silent;
  return model->importance({.ctx_size = kWindow, .threads = 1}, windows.tokens, silent);
}

/// Words of the shell that need no quotes.
std::vector<std::string> words_of(const std::string& command) {
  std::istringstream in(command);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

TEST(ImatrixCommand, reads_the_windows_that_qualm_cuts) {
  const test::Scratch scratch;
  const std::string matrix = scratch.path("code.imatrix.gguf");
  const Domain code{
      .name = "code", .windows = kWindows, .given = true, .path = text_path(), .ctx_size = kWindow};
  auto words = words_of(imatrix_command(model_path(), code, matrix));
  words.insert(words.begin(), test::source_file("tools/peer.sh"));
  const auto ran = test::run({.words = words, .folder = scratch.path()});
  if (ran.exit_code == 127)
    GTEST_SKIP() << "SKIPPED: no llama-imatrix here (tools/setup.sh peers brings it)";
  const auto theirs = formats::read_imatrix(matrix);
  ASSERT_TRUE(theirs) << describe(theirs.error()) << ran.err;
  const auto ours = of_all_windows();
  ASSERT_TRUE(ours) << describe(ours.error());
  ASSERT_EQ(ours->entries.size(), theirs->entries.size());
  for (const model::ImportanceEntry& entry : theirs->entries) {
    const auto* own = ours->find(entry.tensor);
    ASSERT_TRUE(own) << entry.tensor;
    EXPECT_EQ(own->counts, entry.counts) << entry.tensor;
    ASSERT_EQ(own->mean_squares.size(), entry.mean_squares.size());
    for (std::size_t i = 0; i < entry.mean_squares.size(); ++i)
      ASSERT_NEAR(own->mean_squares[i], entry.mean_squares[i], kRounding * entry.mean_squares[i])
          << entry.tensor << " " << i;
  }
}

}  // namespace
}  // namespace qualm::diagnose
