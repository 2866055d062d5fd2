// How much memory the KV cache of a model takes.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/engine.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// Bytes at the context and cache types of the settings; absent where the file does not say how
/// many heads there are and how wide they are, or its numbers make no sense.
[[nodiscard]] std::optional<std::int64_t> bytes_of_cache(const model::Checkpoint& model,
                                                         const engine::Settings& settings);

}  // namespace qualm::experiment
