// libllama, given our metadata in a GGUF without tensors, splits text as the original does.
//
// tests/data/tokenizers/<name>: made by tools/fixtures/make_tokenizers.py, with the ids that
// Hugging Face's tokenizers or sentencepiece gives.
#include <gtest/gtest.h>
#include <llama.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "assemble/gguf_writer.h"
#include "engine/llama_log.h"
#include "formats/gguf/gguf.h"
#include "formats/hf/tokenizer.h"
#include "model/tokenizer.h"

namespace qualm::formats::hf {
namespace {

namespace fs = std::filesystem;
using Ids = std::vector<llama_token>;

struct FreeModel {
  void operator()(llama_model* model) const { llama_model_free(model); }
};

/// A vocabulary in libllama.
class Vocab {
 public:
  explicit Vocab(model::Metadata metadata) {
    engine::capture_llama_log();
    metadata.set("general.architecture", std::string("llama"));
    auto writer = assemble::GgufWriter::create("vocab");
    EXPECT_TRUE(writer && writer->metadata(metadata) && writer->finish_header());
    auto image = std::move(*writer).take();
    open(image.path());
  }
  explicit Vocab(const std::string& path) { open(path); }

  [[nodiscard]] Ids tokenize(const std::string& text, bool add_special = false) const {
    Ids ids(text.size() + 16);
    const int n = llama_tokenize(llama_model_get_vocab(model_.get()), text.data(),
                                 static_cast<int>(text.size()), ids.data(),
                                 static_cast<int>(ids.size()), add_special, true);
    ids.resize(static_cast<std::size_t>(std::max(n, 0)));
    return ids;
  }
  [[nodiscard]] bool loaded() const { return model_ != nullptr; }

 private:
  void open(const std::string& path) {
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    model_.reset(llama_model_load_from_file(path.c_str(), params));
    EXPECT_NE(model_, nullptr) << engine::take_llama_log();
  }
  std::unique_ptr<llama_model, FreeModel> model_;
};

struct Converted {
  model::Metadata metadata;
  std::vector<std::string> notes;
};

Converted convert(const std::string& folder, std::int64_t rows = 0) {
  Converted out;
  const auto done = read_tokenizer(folder, "", rows, out.metadata, out.notes);
  EXPECT_TRUE(done) << describe(done.error());
  return out;
}

nlohmann::json read_json(const fs::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

class TokenizerFamily : public testing::TestWithParam<const char*> {};

TEST_P(TokenizerFamily, gives_the_original_ids) {
  const fs::path folder = fs::path(QUALM_SOURCE_DIR "/tests/data/tokenizers") / GetParam();
  const Converted converted = convert(folder);
  const Vocab vocab(converted.metadata);
  ASSERT_TRUE(vocab.loaded());
  const auto expected = read_json(folder / "expected.json");
  for (const auto& one : expected["cases"])
    EXPECT_EQ(vocab.tokenize(one["text"]), one["ids"].get<Ids>()) << one["text"];
  const auto& special = expected["with_specials"];
  EXPECT_EQ(vocab.tokenize(special["text"], true), special["ids"].get<Ids>());
  for (const auto& note : converted.notes) std::printf("note: %s\n", note.c_str());
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerFamily,
                         testing::Values("llama-bpe", "qwen2", "gpt2", "smollm", "tekken",
                                         "gpt-4o", "deepseek-v3", "llama-spm", "gemma", "unigram",
                                         "sentencepiece-bpe", "sentencepiece-unigram"),
                         [](const auto& name) {
                           std::string out = name.param;
                           std::ranges::replace(out, '-', '_');
                           return out;
                         });

}  // namespace
}  // namespace qualm::formats::hf
