// The key/value pairs of a GGUF header. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_reader.h"
#include "base/error.h"
#include "model/metadata.h"

namespace qualm::gguf {

inline constexpr std::uint64_t kMaxString = std::uint64_t{1} << 30;  ///< as libggml
/// All arrays of one file together. The largest vocabularies have 2^18 tokens, and numbers widen
/// to 8 bytes, strings to 32: a file must not turn into many times its size of memory.
inline constexpr std::uint64_t kMaxElements = std::uint64_t{1} << 26;

/// Length of an empty key, its type, and one byte of value.
inline constexpr std::uint64_t kSmallestPair = 8 + 4 + 1;

struct Pairs {
  model::Metadata metadata;
  std::uint64_t alignment = 32;  ///< general.alignment; a power of two below 2^32
};

/// Errors: GGUF-001..003, GGUF-008..013.
[[nodiscard]] Result<Pairs> read_pairs(ByteReader& reader, std::uint64_t count);

/// A key or name as far as a message needs it.
[[nodiscard]] std::string shown(std::string_view name);

}  // namespace qualm::gguf
