#include "experiment/cache_size.h"

#include "engine/llama_engine.h"

namespace qualm::experiment {

std::int64_t bytes_of_cache(const model::Checkpoint& model, const engine::Settings& settings) {
  const std::int64_t heads = model.arch_integer("attention.head_count").value_or(0);
  if (heads <= 0) return 0;
  const std::int64_t kv_heads = model.arch_integer("attention.head_count_kv").value_or(heads);
  const std::int64_t head = model.arch_integer("embedding_length").value_or(0) / heads;
  const std::int64_t k = model.arch_integer("attention.key_length").value_or(head) * kv_heads;
  const std::int64_t v = model.arch_integer("attention.value_length").value_or(head) * kv_heads;
  const std::int64_t layers = model.arch_integer("block_count").value_or(0);
  return layers * settings.ctx_size *
         (engine::cache_bytes(settings.type_k, k) + engine::cache_bytes(settings.type_v, v));
}

}  // namespace qualm::experiment
