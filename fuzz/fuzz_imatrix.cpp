// Any bytes at all as an importance matrix, in the legacy form or as GGUF.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "formats/imatrix/imatrix.h"
#include "support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qualm;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto read = formats::read_imatrix(std::make_shared<fuzz::Borrowed>("m.imatrix", bytes));
  if (!read) {
    fuzz::demand_code(read.error());
    return 0;
  }
  for (const model::ImportanceEntry& entry : read->entries)
    fuzz::demand(entry.counts.empty() || entry.mean_squares.size() % entry.counts.size() == 0,
                 "each matrix of a stack has as many columns");
  return 0;
}
