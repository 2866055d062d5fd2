// Writes a GGUF v3 into an Image, header by libggml's gguf_*, tensor data streamed after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "assemble/image.h"
#include "base/error.h"
#include "model/metadata.h"

struct gguf_context;

namespace qualm::assemble {

/// Order of calls: metadata, declare for every tensor, finish_header, then for every tensor in the
/// same order data (any number of times) and end_tensor, at last take.
class GgufWriter {
 public:
  [[nodiscard]] static Result<GgufWriter> create(const std::string& name);
  GgufWriter(GgufWriter&&) noexcept;
  GgufWriter& operator=(GgufWriter&&) noexcept;
  ~GgufWriter();

  /// ASSEMBLE-003: a value that GGUF cannot hold. Split keys are left out: the result is one file.
  [[nodiscard]] Result<void> metadata(const model::Metadata& metadata);
  /// `type` is ggml's. ASSEMBLE-004: a name or shape that GGUF cannot hold.
  [[nodiscard]] Result<void> declare(const std::string& name, std::span<const std::int64_t> dims,
                                     int type);
  [[nodiscard]] Result<void> finish_header();
  [[nodiscard]] Result<void> data(std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> end_tensor();
  [[nodiscard]] Image take() &&;

 private:
  struct FreeGguf {
    void operator()(gguf_context* context) const noexcept;
  };
  explicit GgufWriter(Image image);
  Image image_;
  std::unique_ptr<gguf_context, FreeGguf> gguf_;
  std::string name_;
  std::int64_t in_tensor_ = 0;
};

}  // namespace qualm::assemble
