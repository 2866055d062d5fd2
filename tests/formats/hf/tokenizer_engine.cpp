// libllama, given our metadata in a GGUF without tensors, splits text as the original does.
//
// tests/data/tokenizers/<name>: made by tools/fixtures/make_tokenizers.py, with the ids that
// Hugging Face's tokenizers or sentencepiece gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <llama.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "assemble/gguf_writer.h"
#include "base/sha256.h"
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
}

INSTANTIATE_TEST_SUITE_P(All, TokenizerFamily,
                         testing::Values("llama-bpe", "qwen2", "gpt2", "smollm", "tekken", "gpt-4o",
                                         "deepseek-v3", "llama-spm", "gemma", "unigram",
                                         "sentencepiece-bpe", "sentencepiece-unigram"),
                         [](const auto& name) {
                           std::string out = name.param;
                           std::ranges::replace(out, '-', '_');
                           return out;
                         });

/// A file shared beside a checkout, or "": tests that can use one say so when it is not there.
std::string shared(const std::string& name) {
  const char* given = std::getenv("QUALM_SHARED");
  const fs::path path = (given ? fs::path(given) : fs::path(QUALM_SOURCE_DIR "/../shared")) / name;
  return fs::exists(path) ? path.string() : "";
}

/// The stories of a text that have no character outside ASCII; others have some that are no token
/// of tinystories-656k, and libllama throws on those.
std::vector<std::string> ascii_stories(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  constexpr std::string_view kEnd = "<|endoftext|>";
  std::vector<std::string> stories;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(kEnd, at), text.size());
    std::string story = text.substr(at, end - at);
    if (std::ranges::none_of(story, [](char c) { return (c & 0x80) != 0; }))
      stories.push_back(std::move(story));
    at = end + kEnd.size();
  }
  return stories;
}

/// Converters that score every token -1000 give libllama no order: none of these stories is split
/// as the folder's tokenizer does. Digest: SHA-256 of the ids that Hugging Face's tokenizers gives
/// for the same stories, 32 bits each.
TEST(Tokenizer, tinystories_656k_splits_prose_with_newlines_as_its_folder_does) {
  const std::string folder = shared("models/tinystories-656k/hf-bf16");
  const std::string prose = shared("corpora/prose/tinystories-v2-valid-head.txt");
  if (folder.empty() || prose.empty()) GTEST_SKIP() << "needs the shared models and corpora";
  const Converted converted = convert(folder, 2048);
  EXPECT_THAT(converted.notes,
              testing::ElementsAre(testing::StartsWith("the vocabulary has 0 of 256 byte tokens")));
  const Vocab vocab(converted.metadata);
  const auto stories = ascii_stories(prose);
  EXPECT_EQ(stories.size(), 314);
  Sha256 hash;
  for (const std::string& story : stories)
    hash.add(std::as_bytes(std::span<const llama_token>(vocab.tokenize(story))));
  EXPECT_EQ(std::move(hash).hex(),
            "bf7d322277c6930807c4ea8c4b0a5603cfaa3cd43d90c32b78caa5b80218d429");
}

TEST(Tokenizer, the_demo_models_folder_has_the_tokenizer_of_its_gguf) {
  const std::string folder = shared("models/qualm-tiny-base-hf");
  if (folder.empty()) GTEST_SKIP() << "needs shared/models/qualm-tiny-base-hf";
  const auto gguf = gguf::read(QUALM_SOURCE_DIR "/models/qualm-tiny-base-F16.gguf");
  ASSERT_TRUE(gguf);
  EXPECT_EQ(model::tokenizer_digest(convert(folder, 4096).metadata),
            model::tokenizer_digest(gguf->metadata));
}

}  // namespace
}  // namespace qualm::formats::hf
