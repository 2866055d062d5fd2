#include "experiment/cache_size.h"

#include "base/checked.h"
#include "engine/llama_engine.h"
#include "model/cache.h"

namespace qualm::experiment {

std::optional<std::int64_t> bytes_of_cache(const model::Checkpoint& model,
                                           const engine::Settings& settings) {
  constexpr std::int64_t kMostValues = std::int64_t{1} << 40;  // of a position, in all layers
  const auto heads = model::cache_heads(model);
  std::int64_t bytes = 0;  // of a position
  for (const model::CacheSide side : {model::CacheSide::k, model::CacheSide::v}) {
    const auto head = model::head_size(model, side);
    const auto values = heads && head ? checked_multiply(*heads, *head) : std::nullopt;
    if (!values || *values <= 0 || *values > kMostValues) return std::nullopt;
    bytes += engine::cache_bytes(side == model::CacheSide::k ? settings.type_k : settings.type_v,
                                 *values);
  }
  return checked_multiply(bytes, std::int64_t{settings.ctx_size});
}

}  // namespace qualm::experiment
