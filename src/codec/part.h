// One raw tensor of a file, as the container states it: what every scheme of this folder is made
// of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace qualm::codec {

/// Element types under the names safetensors gives them.
enum class Dtype {
  kBool,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64,
};

[[nodiscard]] std::string_view dtype_name(Dtype dtype) noexcept;  ///< "F8_E4M3"
[[nodiscard]] std::optional<Dtype> dtype_from_name(std::string_view name) noexcept;
[[nodiscard]] int dtype_bits(Dtype dtype) noexcept;  ///< of one element: 4 for F4, 64 for C64

/// Row-major, little-endian; shape outermost first, as written in the file. Whoever makes a Part
/// has checked that bytes.size() is what dtype and shape need. `file` keeps the bytes alive.
struct Part {
  std::string name;
  Dtype dtype = Dtype::kU8;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const FileSource> file;

  [[nodiscard]] std::int64_t elements() const noexcept;  ///< product of shape; 1 for rank 0
};

/// "F16 [4096, 32]", for messages.
[[nodiscard]] std::string shape_text(const Part& part);

}  // namespace qualm::codec
