// Bytes of a kept window (evaluate/kept_rows.h) for the cache of this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "evaluate/kept_rows.h"

namespace qualm::experiment {

[[nodiscard]] std::string to_blob(const evaluate::KeptWindow& window);
/// Absent where the bytes are not whole: another layout, a wrong checksum, a token that the
/// vocabulary does not have.
[[nodiscard]] std::optional<evaluate::KeptWindow> from_blob(std::string_view blob);

/// Bytes in memory.
[[nodiscard]] std::int64_t bytes_of(const evaluate::KeptWindow& window) noexcept;

}  // namespace qualm::experiment
