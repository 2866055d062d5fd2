// Where other programs keep their models: from environment variables, read once.
#pragma once

#include <string>
#include <vector>

namespace qualm::locate {

/// The variables as they are set; an empty one counts as not set, as those programs have it.
struct Environment {
  std::string home = {};                   ///< HOME
  std::string xdg_cache_home = {};         ///< XDG_CACHE_HOME
  std::string hf_home = {};                ///< HF_HOME
  std::string hf_hub_cache = {};           ///< HF_HUB_CACHE
  std::string huggingface_hub_cache = {};  ///< HUGGINGFACE_HUB_CACHE, its older name
  std::string llama_cache = {};            ///< LLAMA_CACHE
  std::string ollama_models = {};          ///< OLLAMA_MODELS
  std::string ollama_service = {};         ///< where Ollama keeps models as a Linux service
};

/// Of this process.
[[nodiscard]] Environment environment();

/// Folders of the layout of huggingface_hub: its own, and that of llama.cpp where it is another.
[[nodiscard]] std::vector<std::string> hub_folders(const Environment& environment);
/// Folders in which llama.cpp kept flat files before 2026.
[[nodiscard]] std::vector<std::string> old_llama_folders(const Environment& environment);
[[nodiscard]] std::vector<std::string> ollama_folders(const Environment& environment);
/// LM Studio's folders of models: one, or none where there is no home.
[[nodiscard]] std::vector<std::string> lm_studio_folders(const Environment& environment);

/// Folders of all stores.
[[nodiscard]] std::vector<std::string> all_folders(const Environment& environment);

}  // namespace qualm::locate
