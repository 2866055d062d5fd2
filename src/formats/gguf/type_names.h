// Tensor types that files in the wild hold and the linked libggml does not. Internal to this
// folder.
#pragma once

#include <string>

namespace qualm::gguf {

struct ForeignType {
  enum class Origin { unknown, removed, ik_llama_cpp };
  Origin origin = Origin::unknown;
  std::string says;    ///< "137 (IQ2_K of ik_llama.cpp)"
  std::string advice;  ///< what to do about it
};

/// For an id that codec::ggml_type_facts does not know.
[[nodiscard]] ForeignType foreign_type(int id);

}  // namespace qualm::gguf
