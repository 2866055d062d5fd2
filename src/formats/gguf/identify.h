// What a file is that was taken for a GGUF. Internal to this folder.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace qualm::gguf {

struct Identity {
  std::string name;    ///< "a web page (HTML)"
  std::string advice;  ///< how to come to the model itself
};

/// For bytes that do not begin with "GGUF".
[[nodiscard]] Identity identify(std::span<const std::byte> bytes);

}  // namespace qualm::gguf
