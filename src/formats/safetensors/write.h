// Writes one safetensors file.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "codec/part.h"

namespace qualm::safetensors {

/// The parts in this order; their bytes are borrowed until it returns. Names must be unique. The
/// file is whole or not there. Errors: FILE-010, FILE-011.
[[nodiscard]] Result<void> write(const std::string& path, std::span<const codec::Part> parts,
                                 const std::map<std::string, std::string>& metadata);

}  // namespace qualm::safetensors
