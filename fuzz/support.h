// What every fuzz target needs: the input as a file, and demands that end the run.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "codec/verify.h"
#include "model/anatomy.h"
#include "model/checkpoint.h"

namespace qualm::fuzz {

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

inline void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

inline void demand_code(const Error& error) {
  demand(!error.code.empty() && !describe(error).empty(), "errors have a code");
}

inline void check_covered(const model::SourceFile& file) {
  std::uint64_t end = 0;
  for (const model::Region& region : file.regions) {
    demand(region.begin == end && region.end > region.begin, "regions follow each other");
    end = region.end;
  }
  demand(end == file.bytes, "regions cover the file");
}

/// Everything that looks at a checkpoint; the data of small tensors included.
inline void look_at(const model::Checkpoint& model) {
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

}  // namespace qualm::fuzz
