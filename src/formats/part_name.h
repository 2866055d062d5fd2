// Files that a download site cut into pieces, told by their names.
#pragma once

#include <string>

namespace qualm::formats {

/// How to join them, where the name is that of a piece: "model.gguf.part1of2",
/// "model.gguf-split-a", "model.gguf.001"; else empty. Shards of llama-gguf-split are no such
/// pieces.
[[nodiscard]] std::string advice_to_join(const std::string& path);

}  // namespace qualm::formats
