// Rotary embeddings of a config.json. Internal to this folder.
#pragma once

#include "formats/hf/config.h"
#include "formats/hf/fields.h"

namespace qualm::formats::hf {

/// Fills rope.* keys and the factors of config. Needs config.family and config.sizes.
[[nodiscard]] Result<void> read_rope(const Fields& fields, Config& config);

}  // namespace qualm::formats::hf
