// Stores of other programs in a scratch folder, as those programs lay them out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "locate/environment.h"
#include "locate/locate.h"
#include "support/places.h"

namespace qualm::test {

/// A home with nothing in it. No variable of the real environment counts.
struct Stores : Scratch {
  static inline const std::string kCommit = std::string(40, 'a');

  /// Writes a file, and the folders above it.
  std::string put(const std::string& name, std::string_view bytes) const {
    const std::string full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    write(full, bytes);
    return full;
  }
  /// A link `name` to `target`, which is taken as it stands.
  std::string link(const std::string& name, const std::string& target) const {
    const std::string full = path(name);
    std::filesystem::create_directories(std::filesystem::path(full).parent_path());
    std::filesystem::create_symlink(target, full);
    return full;
  }
  /// "models--ORG--REPO" in the cache of huggingface_hub.
  static std::string hub_folder(const std::string& org, const std::string& repo) {
    return ".cache/huggingface/hub/models--" + org + "--" + repo;
  }
  /// A file of a snapshot: a link to a blob, as the hub makes it. Returns the path of the link.
  std::string hub_file(const std::string& org, const std::string& repo, const std::string& file,
                       std::string_view bytes = "x", const std::string& commit = kCommit) const {
    const std::string folder = hub_folder(org, repo);
    std::string blob = org + repo + file + commit;
    for (char& c : blob)
      if (c == '/') c = '_';
    put(folder + "/blobs/" + blob, bytes);
    std::string up = "../../blobs/";
    for (const char c : file)
      if (c == '/') up = "../" + up;
    return link(folder + "/snapshots/" + commit + "/" + file, up + blob);
  }
  void hub_ref(const std::string& org, const std::string& repo, const std::string& ref,
               const std::string& commit = kCommit) const {
    put(hub_folder(org, repo) + "/refs/" + ref, commit);
  }

  /// "sha256:HEX" of a made-up content, whose first digits are `mark`.
  static std::string digest(const std::string& mark) {
    return "sha256:" + mark + std::string(64 - mark.size(), '0');
  }
  struct OllamaLayer {
    std::string type;  ///< "model", "params", ...
    std::string mark;  ///< digits of hex
    std::string bytes;
  };
  void ollama_blob(const std::string& mark, std::string_view bytes) const {
    put(".ollama/models/blobs/sha256-" + digest(mark).substr(7), bytes);
  }
  static std::string manifest(const std::vector<OllamaLayer>& layers) {
    std::string json = R"({"schemaVersion":2,"layers":[)";
    for (const OllamaLayer& layer : layers) {
      if (!json.ends_with('[')) json += ",";
      json += R"({"mediaType":"application/vnd.ollama.image.)" + layer.type + R"(","digest":")" +
              digest(layer.mark) + R"(","size":)" + std::to_string(layer.bytes.size()) + "}";
    }
    return json + "]}";
  }
  /// A model of Ollama: "registry.ollama.ai/library/llama3/8b".
  void ollama(const std::string& name, const std::vector<OllamaLayer>& layers) const {
    for (const OllamaLayer& layer : layers) ollama_blob(layer.mark, layer.bytes);
    put(".ollama/models/manifests/" + name, manifest(layers));
  }

  [[nodiscard]] locate::Environment environment() const { return {.home = path()}; }
  /// The path, or the code of the error.
  [[nodiscard]] std::string located(const std::string& name) const {
    const auto found = locate::locate(name, environment());
    return found ? found->path : found.error().code;
  }
  [[nodiscard]] Error refused(const std::string& name) const {
    const auto found = locate::locate(name, environment());
    EXPECT_FALSE(found.has_value()) << name << " is " << (found ? found->path : "");
    return found ? Error{} : found.error();
  }
};

}  // namespace qualm::test
