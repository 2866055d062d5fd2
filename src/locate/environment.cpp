#include "locate/environment.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "formats/json.h"
#include "locate/inside.h"

namespace qualm::locate {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kLongestPointer = 4096;
constexpr std::int64_t kLargestSettings = 1 << 20;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// ~/.cache, or what XDG_CACHE_HOME says; empty: not known.
std::string cache_folder(const Environment& environment) {
  if (!environment.xdg_cache_home.empty()) return environment.xdg_cache_home;
  return environment.home.empty() ? "" : environment.home + "/.cache";
}

/// huggingface_hub takes ~ for the home in its variables.
std::string expanded(const std::string& folder, const Environment& environment) {
  const bool home = folder == "~" || folder.starts_with("~/");
  return home && !environment.home.empty() ? environment.home + folder.substr(1) : folder;
}

void add(std::vector<std::string>& folders, std::string folder) {
  if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(std::move(folder));
}

/// LM Studio's own folder; empty: not known.
std::string lm_studio_home(const Environment& environment) {
  if (environment.home.empty()) return "";
  if (const auto pointer =
          small_file(environment.home + "/.lmstudio-home-pointer", kLongestPointer)) {
    const std::string folder(trimmed(*pointer));
    if (fs::path(folder).is_absolute()) return folder;
  }
  std::string old = environment.home + "/.cache/lm-studio";
  return is_folder(old) ? old : environment.home + "/.lmstudio";
}

/// The folder that the user moved the models to; empty: none.
std::string moved_models(const std::string& home) {
  const std::string path = home + "/settings.json";
  const auto text = small_file(path, kLargestSettings);
  if (!text) return "";
  const auto settings = formats::parse_json(*text, path, "", {.bytes = kLargestSettings});
  if (!settings) return "";
  const auto& folder = formats::member(*settings, "downloadsFolder");
  if (!folder.is_string()) return "";
  auto moved = folder.get<std::string>();
  return fs::path(moved).is_absolute() && is_folder(moved) ? moved : "";
}

}  // namespace

Environment environment() {
  return {.home = variable("HOME"),
          .xdg_cache_home = variable("XDG_CACHE_HOME"),
          .hf_home = variable("HF_HOME"),
          .hf_hub_cache = variable("HF_HUB_CACHE"),
          .huggingface_hub_cache = variable("HUGGINGFACE_HUB_CACHE"),
          .llama_cache = variable("LLAMA_CACHE"),
          .ollama_models = variable("OLLAMA_MODELS"),
          .ollama_service = "/usr/share/ollama/.ollama/models"};
}

std::vector<std::string> hub_folders(const Environment& environment) {
  std::vector<std::string> folders;
  const std::string cache = cache_folder(environment);
  if (!environment.hf_hub_cache.empty())
    folders.push_back(expanded(environment.hf_hub_cache, environment));
  else if (!environment.huggingface_hub_cache.empty())
    folders.push_back(expanded(environment.huggingface_hub_cache, environment));
  else if (!environment.hf_home.empty())
    folders.push_back(expanded(environment.hf_home, environment) + "/hub");
  else if (!cache.empty())
    folders.push_back(cache + "/huggingface/hub");
  if (!environment.llama_cache.empty()) add(folders, environment.llama_cache);
  return folders;
}

std::vector<std::string> old_llama_folders(const Environment& environment) {
  if (!environment.llama_cache.empty()) return {environment.llama_cache};
  const std::string cache = cache_folder(environment);
  if (cache.empty()) return {};
  return {cache + "/llama.cpp"};
}

std::vector<std::string> ollama_folders(const Environment& environment) {
  if (!environment.ollama_models.empty()) return {environment.ollama_models};
  std::vector<std::string> folders;
  if (!environment.home.empty()) folders.push_back(environment.home + "/.ollama/models");
  if (!environment.ollama_service.empty()) add(folders, environment.ollama_service);
  return folders;
}

std::vector<std::string> lm_studio_folders(const Environment& environment) {
  const std::string home = lm_studio_home(environment);
  if (home.empty()) return {};
  std::string moved = moved_models(home);
  return {moved.empty() ? home + "/models" : std::move(moved)};
}

std::vector<std::string> all_folders(const Environment& environment) {
  std::vector<std::string> all;
  for (const auto& folders : {hub_folders, old_llama_folders, ollama_folders, lm_studio_folders})
    std::ranges::move(folders(environment), std::back_inserter(all));
  return all;
}

}  // namespace qualm::locate
