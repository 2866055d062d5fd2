// How much memory the KV cache of a model takes.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// Bytes at the context and cache types of the settings; 0 where the model says no number of heads.
[[nodiscard]] std::int64_t bytes_of_cache(const model::Checkpoint& model,
                                          const engine::Settings& settings);

}  // namespace qualm::experiment
