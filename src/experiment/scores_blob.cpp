#include "experiment/scores_blob.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>
#include <cstring>

namespace qualm::experiment {
namespace {

using evaluate::Score;

static_assert(std::endian::native == std::endian::little, "the cache is a file of this machine");

constexpr std::uint64_t kLayout = 0x0002'6d6c'6175'71ULL;  // goes up with any change of Score
constexpr std::size_t kHead = 2 * sizeof(std::uint64_t);   // layout, checksum of the rest
constexpr std::size_t kRow = 2 * sizeof(double) + 3 * sizeof(float) + sizeof(std::int32_t) + 1;

}  // namespace

std::vector<std::byte> pack(std::span<const Score> scores) {
  std::vector<std::byte> bytes(kHead + scores.size() * kRow);
  std::byte* at = bytes.data() + kHead;
  const auto put = [&at](const auto& value) {
    std::memcpy(at, &value, sizeof(value));
    at += sizeof(value);
  };
  for (const Score& s : scores) {
    put(s.nll_p), put(s.nll_q);
    put(s.kld), put(s.delta_p), put(s.confidence);
    put(s.position);
    put(static_cast<std::uint8_t>((s.same_top ? 1 : 0) | (s.finite ? 2 : 0) | (s.lost ? 4 : 0)));
  }
  at = bytes.data();
  put(kLayout);
  put(std::uint64_t{XXH3_64bits(bytes.data() + kHead, bytes.size() - kHead)});
  return bytes;
}

std::optional<std::vector<Score>> unpack(std::span<const std::byte> bytes) {
  if (bytes.size() < kHead || (bytes.size() - kHead) % kRow != 0) return std::nullopt;
  const std::byte* at = bytes.data();
  const auto get = [&at](auto& value) {
    std::memcpy(&value, at, sizeof(value));
    at += sizeof(value);
  };
  std::uint64_t layout = 0;
  std::uint64_t checksum = 0;
  get(layout), get(checksum);
  if (layout != kLayout || checksum != XXH3_64bits(at, bytes.size() - kHead)) return std::nullopt;
  std::vector<Score> scores((bytes.size() - kHead) / kRow);
  for (Score& s : scores) {
    std::uint8_t flags = 0;
    get(s.nll_p), get(s.nll_q);
    get(s.kld), get(s.delta_p), get(s.confidence);
    get(s.position), get(flags);
    s.same_top = (flags & 1) != 0;
    s.finite = (flags & 2) != 0;
    s.lost = (flags & 4) != 0;
  }
  return scores;
}

}  // namespace qualm::experiment
