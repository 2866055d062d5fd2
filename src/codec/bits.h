// Loads from unaligned little-endian bytes, and the two ways codes are packed into 32-bit words.
//
// Stream (GPTQ, EXL2, compressed-tensors): code i has bits [i*b, i*b + b) of the word sequence, bit
// p being bit p%32 of word p/32. A code may straddle two words:
//     3 bit   word 0 |.. 2 1 0|      word 1 |.. 12 11 10|      code 10: bits 30,31 and bit 0 of the
//     next
// Planar (GPTQModel's gptq_p): the code is cut into planes 4+2+1, low bits first; b words hold 32
// codes, a plane of width w takes w of them, word i of the plane holding codes i*32/w ... at shifts
// w*j.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace qualm::codec {

static_assert(std::endian::native == std::endian::little, "the loads below assume it");

/// Element i of an array of T at `data`, whatever its alignment.
template <class T>
[[nodiscard]] inline T load(const std::byte* data, std::int64_t i) noexcept {
  T value;
  std::memcpy(&value, data + i * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

/// Code i of width bits (1 to 8) in a stream. `word(j)` gives word j; called for those needed only.
template <class Word>
[[nodiscard]] inline unsigned stream_code(Word&& word, std::int64_t i, int bits) noexcept {
  const std::int64_t position = i * bits;
  const int shift = static_cast<int>(position % 32);
  std::uint32_t value = static_cast<std::uint32_t>(word(position / 32)) >> shift;
  if (shift + bits > 32)
    value |= static_cast<std::uint32_t>(word(position / 32 + 1)) << (32 - shift);
  return value & ((1u << bits) - 1);
}

/// Code i of width bits (2 to 8) in planes. 3=2+1, 5=4+1, 6=4+2, 7=4+2+1; 2, 4 and 8 are one plane.
template <class Word>
[[nodiscard]] inline unsigned planar_code(Word&& word, std::int64_t i, int bits) noexcept {
  if (std::has_single_bit(static_cast<unsigned>(bits))) return stream_code(word, i, bits);
  std::int64_t plane = i / 32 * bits;
  const std::int64_t place = i % 32;
  unsigned value = 0;
  for (int done = 0; done < bits;) {
    const int width = static_cast<int>(std::bit_floor(static_cast<unsigned>(bits - done)));
    const std::int64_t per_word = 32 / width;
    const std::uint32_t found = static_cast<std::uint32_t>(word(plane + place / per_word)) >>
                                (width * static_cast<int>(place % per_word));
    value |= (found & ((1u << width) - 1)) << done;
    plane += width;
    done += width;
  }
  return value;
}

/// Codes of one block of 32 (or fewer, at the end), whose words are at words[0 .. bits).
inline void unpack_stream(const std::uint32_t* words, int bits, int count,
                          std::uint8_t* codes) noexcept {
  std::uint64_t pool = 0;
  int have = 0;
  const std::uint64_t mask = (1u << bits) - 1;
  for (int i = 0; i < count; ++i) {
    if (have < bits) {
      pool |= static_cast<std::uint64_t>(*words++) << have;
      have += 32;
    }
    codes[i] = static_cast<std::uint8_t>(pool & mask);
    pool >>= bits;
    have -= bits;
  }
}

inline void unpack_planar(const std::uint32_t* words, int bits, int count,
                          std::uint8_t* codes) noexcept {
  for (int i = 0; i < count; ++i)
    codes[i] =
        static_cast<std::uint8_t>(planar_code([&](std::int64_t j) { return words[j]; }, i, bits));
}

}  // namespace qualm::codec
