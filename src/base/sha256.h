// SHA-256 (FIPS 180-4), for telling whether two tokenizers are the same.
//
// Own code, because the one function does not justify a crypto library that would have to be found
// and loaded beside libllama's private C library. Not for secrets: not constant-time by design.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace qualm {

class Sha256 {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }
  /// 64 hexadecimal digits of everything added. Ends the object's life as an accumulator.
  [[nodiscard]] std::string hex() &&;

 private:
  void compress(const std::byte* block) noexcept;

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> block_{};
  std::size_t in_block_ = 0;
  std::uint64_t total_ = 0;
};

/// Of bytes that are at hand at once.
[[nodiscard]] std::string sha256(std::span<const std::byte> bytes);

}  // namespace qualm
