// Any bytes at all through the GGUF reader and everything that looks at a checkpoint. What the
// reader accepts, libggml must accept, and every byte of it must be attributed.
#include <ggml.h>
#include <gguf.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "codec/verify.h"
#include "formats/gguf/gguf.h"
#include "model/anatomy.h"

namespace {

using namespace qualm;

/// The fuzzer's own block, so that a sanitizer sees reads past its end.
class Borrowed final : public FileSource {
 public:
  Borrowed(std::string path, std::span<const std::byte> bytes)
      : path_(std::move(path)), bytes_(bytes) {}
  const std::string& path() const noexcept override { return path_; }
  std::span<const std::byte> bytes() const noexcept override { return bytes_; }

 private:
  std::string path_;
  std::span<const std::byte> bytes_;
};

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void check_covered(const model::SourceFile& file) {
  std::uint64_t end = 0;
  for (const model::Region& region : file.regions) {
    demand(region.begin == end && region.end > region.begin, "regions follow each other");
    end = region.end;
  }
  demand(end == file.bytes, "regions cover the file");
}

void check_against_libggml(std::span<const std::byte> bytes) {
  gguf_context* context = gguf_init_from_buffer(bytes.data(), bytes.size(), {true, nullptr});
  demand(context != nullptr, "libggml accepts what we accept");
  gguf_free(context);
}

void look_at(const model::Checkpoint& model) {
  constexpr std::int64_t kMost = 1 << 16;
  for (const model::SourceFile& file : model.files) check_covered(file);
  Progress progress;
  for (const model::Tensor& tensor : model.tensors) {
    demand(tensor.data != nullptr, "tensors have data");
    if (tensor.parameters() > kMost) continue;
    static_cast<void>(codec::verify(tensor, progress));
  }
  static_cast<void>(model::static_risks(model, model::anatomy(model)));
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
    look_at(*model);
  } else {
    demand(!model.error().code.empty() && !describe(model.error()).empty(), "errors have a code");
  }
  return 0;
}
