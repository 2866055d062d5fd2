// Which containers a runtime loads: a file in another is no matter of its weights.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/checkpoint.h"

namespace qualm::model {

/// The runtimes that are known here, as --runtime takes them.
[[nodiscard]] std::span<const std::string_view> runtime_names() noexcept;

/// Why `runtime` does not load this checkpoint, and what to do; empty where it does, or where
/// nobody here knows. By the format alone: versions, architectures and devices are not asked.
[[nodiscard]] std::string unsuited(const Checkpoint& checkpoint, std::string_view runtime);

}  // namespace qualm::model
