#include "model/cache.h"

#include <fmt/format.h>

#include <utility>

#include "base/checked.h"

namespace qualm::model {
namespace {

/// Absent where one is below 0, or the sum is no number of 64 bits.
template <class T>
std::optional<std::int64_t> sum_of(const std::vector<T>& numbers) {
  std::optional<std::int64_t> sum = 0;
  for (const T number : numbers) {
    if (!sum || !std::in_range<std::int64_t>(number) || std::cmp_less(number, 0))
      return std::nullopt;
    sum = checked_add(*sum, static_cast<std::int64_t>(number));
  }
  return sum;
}

}  // namespace

std::optional<std::int64_t> head_size(const Checkpoint& checkpoint, CacheSide side) {
  const bool key = side == CacheSide::k;
  if (const auto given =
          checkpoint.arch_integer(key ? "attention.key_length" : "attention.value_length"))
    return given;
  const auto width = checkpoint.arch_integer("embedding_length");
  const auto heads = checkpoint.arch_integer("attention.head_count");
  if (!width || !heads || *heads <= 0) return std::nullopt;
  return *width / *heads;
}

std::optional<std::int64_t> cache_heads(const Checkpoint& checkpoint) {
  const auto layers = checkpoint.arch_integer("block_count");
  for (const std::string_view key : {"attention.head_count_kv", "attention.head_count"}) {
    const Value* found =
        checkpoint.metadata.find(fmt::format("{}.{}", checkpoint.architecture(), key));
    if (!found) continue;
    if (const auto heads = checkpoint.arch_integer(key)) {
      if (!layers || *layers <= 0 || *heads <= 0) return std::nullopt;
      return checked_multiply(*layers, *heads);
    }
    // One number for each layer; 0 where a layer has no attention.
    if (const auto* each = std::get_if<std::vector<std::int64_t>>(found)) return sum_of(*each);
    if (const auto* each = std::get_if<std::vector<std::uint64_t>>(found)) return sum_of(*each);
    return std::nullopt;
  }
  return std::nullopt;
}

bool is_quantized_cache(std::string_view type) noexcept {
  return type != "f16" && type != "bf16" && type != "f32";
}

std::vector<UnfitCache> unfit_caches(const Checkpoint& checkpoint, const std::string& type_k,
                                     const std::string& type_v) {
  std::vector<UnfitCache> unfit;
  for (const CacheSide side : {CacheSide::k, CacheSide::v}) {
    const std::string& type = side == CacheSide::k ? type_k : type_v;
    const auto head = head_size(checkpoint, side);
    if (is_quantized_cache(type) && head && *head % kCacheBlock != 0)
      unfit.push_back({side, type, *head});
  }
  return unfit;
}

std::string in_words(const UnfitCache& unfit) {
  return fmt::format("heads are {} wide, not a multiple of {}: a {} {} cache cannot be used",
                     unfit.head, kCacheBlock, unfit.type, unfit.side == CacheSide::k ? "K" : "V");
}

}  // namespace qualm::model
