// Ollama's store: a manifest for each name, and the layers that it lists as files named by content.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "locate/environment.h"
#include "locate/names.h"

namespace qualm::locate {

/// What Ollama uses in place of what the GGUF says, or beside it.
struct Overrides {
  std::optional<std::string> prompt_template;  ///< a Go template
  std::optional<std::string> system;
  std::optional<double> temperature;
  std::optional<double> repeat_penalty;
  std::optional<std::int64_t> num_ctx;
  std::vector<std::string> stop;
  std::string adapter;  ///< path of a LoRA that is loaded with the model; or empty
};

struct Layer {
  std::string type;         ///< behind "application/vnd.ollama.image.": "model", "template", ...
  std::string digest = {};  ///< "sha256-HEX", the name of its file
  std::int64_t size = -1;   ///< -1: not said
};

/// The layers that a manifest lists. `path` is for messages. JSON-*, LOCATE-005.
[[nodiscard]] Result<std::vector<Layer>> parse_manifest(std::string_view text,
                                                        const std::string& path);

/// The parameters that a layer of type "params" sets; what is no such value is left out. JSON-*.
[[nodiscard]] Result<void> parse_parameters(std::string_view text, const std::string& path,
                                            Overrides& into);

/// A name and its manifest.
struct Manifest {
  std::string store;
  std::string path;
  OllamaName name;
};
/// All manifests, sorted by store and path.
[[nodiscard]] std::vector<Manifest> ollama_manifests(const Environment& environment);
/// Those of this name, in any letter case.
[[nodiscard]] std::vector<Manifest> manifests_of(const Environment& environment,
                                                 const OllamaName& name);

struct OllamaModel {
  std::string path;  ///< of the GGUF
  Overrides overrides;
};
/// LOCATE-004 a link out of the store, LOCATE-005 a layer or manifest that says nothing of use,
/// LOCATE-006 a model that is not one GGUF, LOCATE-007 a layer that is missing or not finished.
[[nodiscard]] Result<OllamaModel> open_manifest(const Manifest& manifest);

}  // namespace qualm::locate
