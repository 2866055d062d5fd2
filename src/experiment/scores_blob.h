// The scores of a window as bytes: columns of little-endian numbers under a checksum.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "evaluate/measurement.h"

namespace qualm::experiment {

[[nodiscard]] std::vector<std::byte> pack(std::span<const evaluate::Score> scores);

/// Nothing where the bytes are not what pack() of this version wrote.
[[nodiscard]] std::optional<std::vector<evaluate::Score>> unpack(std::span<const std::byte> bytes);

}  // namespace qualm::experiment
