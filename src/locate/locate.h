// From the name that a model has in another program to its file: offline, by that program's rules.
//
// Nothing is downloaded or written. No link is followed out of the store that holds it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "locate/environment.h"
#include "locate/ollama.h"

namespace qualm::locate {

enum class Store { path, hugging_face, llama_cpp, ollama, lm_studio };
/// "Hugging Face", "Ollama", ...
[[nodiscard]] std::string_view to_string(Store store) noexcept;

struct Located {
  std::string path;  ///< a file, or the folder of a safetensors model
  std::string name;  ///< as it was given
  Store store = Store::path;
  std::optional<Overrides> overrides{};  ///< of Ollama alone
};

/// A word that has none of the prefixes hf:, ollama: and lms: is a path and stays as it is. Errors:
/// LOCATE-001 no such form of a name, LOCATE-002 nothing has it (the advice is the command that
/// downloads it), LOCATE-003 several have it, LOCATE-004 to LOCATE-007 of the store, JSON-*.
[[nodiscard]] Result<Located> locate(const std::string& name, const Environment& environment);

/// A model of a store, or an entry that is none, with the reason.
struct Listed {
  std::string name;  ///< that locate() takes; of llama.cpp's old cache a path
  std::string path;
  Store store = Store::path;
  std::string problem = {};  ///< in a few words; or empty
};
[[nodiscard]] std::vector<Listed> list(const Environment& environment);

/// A folder that is looked in.
struct StoreFolder {
  Store store = Store::path;
  std::string path;
  bool exists = false;
};
[[nodiscard]] std::vector<StoreFolder> store_folders(const Environment& environment);

}  // namespace qualm::locate
