// Any bytes at all as tokenizer.json, and as the configs beside a good one.
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

void read(const TokenizerFiles& files, std::int64_t rows) {
  model::Metadata metadata;
  std::vector<std::string> notes;
  const auto done = read_tokenizer_files(files, "llama", rows, metadata, notes);
  if (!done) {
    demand(!done.error().code.empty() && !describe(done.error()).empty(), "errors have a code");
    return;
  }
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  demand(tokens != nullptr && !tokens->empty(), "there are tokens");
  demand(rows == 0 || std::cmp_equal(tokens->size(), rows), "one token for each row");
  for (const char* key : {"bos", "eos", "eot", "padding", "unknown", "mask"}) {
    const auto id = metadata.integer("tokenizer.ggml." + std::string(key) + "_token_id");
    demand(!id || (*id >= 0 && std::cmp_less(*id, tokens->size())), "special ids are tokens");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  TokenizerFiles files;
  files.tokenizer_json = memory_file("tokenizer.json", bytes);
  read(files, 0);
  read(files, 64);
  files.tokenizer_json =
      memory_file("tokenizer.json",
                  R"({"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}})");
  const auto config = memory_file("config.json", bytes);
  files.tokenizer_config = files.special_tokens_map = files.added_tokens = config;
  files.generation_config = files.config = files.chat_template_json = config;
  read(files, 4);
  return 0;
}
