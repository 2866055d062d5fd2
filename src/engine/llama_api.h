// What differs between versions of libllama's interface: the only file that knows it.
// docs/platforms.md lists the versions that were tried.
#pragma once

#include <llama.h>

/// Taken where llama.h has no function of this name: a template comes second.
namespace llama_absent {
template <class... None>
const char* llama_version(None... /*none*/) {
  return nullptr;
}
}  // namespace llama_absent

namespace qualm::engine {

/// Of the library that is loaded; null before libllama 0.1, which had only build numbers.
inline const char* loaded_llama_version() {
  using namespace llama_absent;
  return llama_version();
}

}  // namespace qualm::engine
