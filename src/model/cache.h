// The KV cache of a model, told from its file: its shape, and which types it can have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/checkpoint.h"

namespace qualm::model {

/// Values that share a scale in every quantized type that a cache can have.
inline constexpr std::int64_t kCacheBlock = 32;

enum class CacheSide : std::uint8_t { k, v };

/// How wide a head is in the cache; absent where the file does not say, or differs by layer.
[[nodiscard]] std::optional<std::int64_t> head_size(const Checkpoint& checkpoint, CacheSide side);

/// Heads that have a K and a V in the cache, of all layers together; absent where the file does not
/// say, or its numbers make no sense.
[[nodiscard]] std::optional<std::int64_t> cache_heads(const Checkpoint& checkpoint);

/// Any type but f32, f16 and bf16.
[[nodiscard]] bool is_quantized_cache(std::string_view type) noexcept;

/// A cache type that needs heads of whole blocks, on a model whose heads are none.
struct UnfitCache {
  CacheSide side = CacheSide::k;
  std::string type;
  std::int64_t head = 0;
};
/// Empty where both types can be used, or nobody can tell.
[[nodiscard]] std::vector<UnfitCache> unfit_caches(const Checkpoint& checkpoint,
                                                   const std::string& type_k,
                                                   const std::string& type_v);
/// "heads are 48 wide, no multiple of 32: a q4_0 K cache cannot be used"
[[nodiscard]] std::string in_words(const UnfitCache& unfit);

}  // namespace qualm::model
