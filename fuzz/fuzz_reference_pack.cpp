// Any bytes at all as a reference pack, or as a base file of llama-perplexity: it is refused with a
// code, or all that it says is within the bounds that scoring relies on.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "experiment/base_file.h"
#include "experiment/reference_pack.h"
#include "support.h"

namespace {

using namespace qualm;
using fuzz::demand;

void check(const experiment::PackText& text, std::int64_t vocab_size) {
  demand(text.kept.size() == static_cast<std::size_t>(text.windows.count()), "a window is missing");
  for (const auto& window : text.kept)
    for (const evaluate::KeptRow& row : window->rows) {
      demand(!row.finite || !row.tokens.empty(), "a row without tokens");
      for (const evaluate::TokenLogP& at : row.tokens)
        demand(at.token >= 0 && at.token < vocab_size, "a token outside the vocabulary");
      for (const evaluate::TokenLogP& at : row.drawn)
        demand(at.token >= 0 && at.token < vocab_size, "a drawn token outside the vocabulary");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file =
      std::make_shared<fuzz::Borrowed>("m.qref", std::as_bytes(std::span(data, size)));
  const auto pack = experiment::looks_like_base_file(*file) ? experiment::read_base_file(file, 1)
                                                            : experiment::read_pack(file);
  if (!pack) {
    fuzz::demand_code(pack.error());
    return 0;
  }
  for (const experiment::PackText& text : pack->texts) check(text, pack->vocab_size);
  return 0;
}
