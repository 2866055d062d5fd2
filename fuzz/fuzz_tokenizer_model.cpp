// Any bytes at all as tokenizer.model, SentencePiece's protobuf.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "formats/hf/tokenizer_parts.h"
#include "model/metadata.h"

namespace {

using namespace qualm;
using namespace qualm::formats::hf;

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  TokenizerFiles files;
  files.tokenizer_model =
      memory_file("tokenizer.model", std::string(reinterpret_cast<const char*>(data), size));
  model::Metadata metadata;
  std::vector<std::string> notes;
  const auto done = read_tokenizer_files(files, "llama", 0, metadata, notes);
  if (!done) {
    demand(!done.error().code.empty() && !describe(done.error()).empty(), "errors have a code");
    return 0;
  }
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  demand(tokens != nullptr && !tokens->empty() && tokens->size() <= size,
         "no more tokens than bytes");
  const auto* scores = std::get_if<std::vector<double>>(metadata.find("tokenizer.ggml.scores"));
  demand(scores != nullptr && scores->size() == tokens->size(), "a score for each token");
  for (const double score : *scores) demand(std::isfinite(score), "scores are finite");
  return 0;
}
