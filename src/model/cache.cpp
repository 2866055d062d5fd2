#include "model/cache.h"

#include <fmt/format.h>

namespace qualm::model {

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
