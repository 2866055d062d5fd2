// A cursor over bytes that nobody has vouched for.
//
// Binary readers take their bytes from here and from nowhere else, so the question "can this read
// past the end?" has one answer in one file. A read that fails leaves the cursor where it was and
// says what was being read. Everything is little-endian.
//
// Each format leaves its first three error codes to this class: <format>-001 the bytes end inside
// a field, <format>-002 a count that the rest of the bytes cannot hold, <format>-003 a string that
// the rest cannot hold.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm {

static_assert(std::endian::native == std::endian::little, "fields are copied as they stand");

class ByteReader {
 public:
  /// `file` is for messages. The bytes must outlive the reader and all views it gives.
  ByteReader(std::string file, std::string format, std::span<const std::byte> bytes)
      : file_(std::move(file)), format_(std::move(format)), bytes_(bytes) {}

  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t remaining() const noexcept { return bytes_.size() - offset_; }

  /// Reads one integer or IEEE float. `what` names the field in the error.
  template <class T>
  requires std::integral<T> || std::floating_point<T>
  [[nodiscard]] Result<T> number(std::string_view what) {
    if (remaining() < sizeof(T)) return fail(ends_inside(what, sizeof(T)));
    T value{};
    std::memcpy(&value, bytes_.data() + offset_, sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  /// Reads a u64 count of entries that take at least `entry_bytes` (> 0) of the rest each, so that
  /// a lying count is refused before anything is allocated for it.
  [[nodiscard]] Result<std::uint64_t> count(std::string_view what, std::uint64_t entry_bytes);

  /// Reads a u64 length of at most `most` and that many bytes (no terminator). The view borrows
  /// from the bytes.
  [[nodiscard]] Result<std::string_view> string(std::string_view what, std::uint64_t most);

  /// The next `size` bytes.
  [[nodiscard]] Result<std::span<const std::byte>> bytes(std::string_view what, std::uint64_t size);

  /// What should have been there, what was, and what to do.
  struct Wrong {
    std::string expected;
    std::string found;
    std::string advice;
  };
  /// An error of this format at a byte: "GGUF-004", file, "byte 4, version", and what is wrong.
  [[nodiscard]] Error error(int number, std::uint64_t at, std::string_view what, Wrong wrong) const;

  /// What is to be tried when bytes are missing or wrong: nearly always a broken download.
  static constexpr std::string_view kDamaged =
      "The file is cut short or damaged: compare its size or SHA-256 with its source's.";

 private:
  [[nodiscard]] Error ends_inside(std::string_view what, std::uint64_t size) const;

  std::string file_;
  std::string format_;
  std::span<const std::byte> bytes_;
  std::uint64_t offset_ = 0;  ///< <= bytes_.size(), always
};

}  // namespace qualm
