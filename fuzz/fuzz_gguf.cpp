// Any bytes at all through the GGUF reader and everything that looks at a checkpoint. What the
// reader accepts, libggml must accept, and every byte of it must be attributed.
#include <ggml.h>
#include <gguf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "formats/gguf/gguf.h"
#include "support.h"

namespace {

using namespace qualm;

using fuzz::Borrowed;
using fuzz::demand;

void check_against_libggml(std::span<const std::byte> bytes) {
  gguf_context* context = gguf_init_from_buffer(bytes.data(), bytes.size(), {true, nullptr});
  demand(context != nullptr, "libggml accepts what we accept");
  gguf_free(context);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  // Shards of a split model are all this input, under the names asked for.
  const gguf::Opener opener = [&](const std::string& path) {
    return Result<std::shared_ptr<const FileSource>>(std::make_shared<Borrowed>(path, bytes));
  };
  const auto file = std::make_shared<Borrowed>("m-00001-of-00002.gguf", bytes);
  const auto model = gguf::read(file, opener);
  if (model) {
    check_against_libggml(bytes);
    fuzz::look_at(*model);
  } else {
    fuzz::demand_code(model.error());
  }
  return 0;
}
