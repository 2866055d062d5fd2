#include "formats/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "formats/gguf/gguf.h"
#include "formats/hf/hf.h"

namespace qualm::formats {
namespace {

namespace fs = std::filesystem;

/// The GGUFs of a folder; of a split model only its first shard.
std::vector<std::string> ggufs_in(const fs::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool later_shard =
        name.find("-of-") != std::string::npos && name.find("-00001-of-") == std::string::npos;
    if (name.ends_with(".gguf") && !later_shard) found.push_back(entry.path().string());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

Result<model::Checkpoint> read(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    const std::string name = fs::path(path).filename().string();
    const bool hugging_face = name.ends_with(".safetensors") || name == "config.json" ||
                              name.ends_with(".safetensors.index.json");
    return hugging_face ? hf::read(path) : gguf::read(path);
  }
  const auto found = ggufs_in(path);
  const bool hugging_face = hf::is_model_folder(path);
  if (hugging_face && found.empty()) return hf::read(path);
  if (found.size() == 1 && !hugging_face) return gguf::read(found.front());
  if (found.empty())
    return fail({Kind::input, "READ-001", path, "",
                 "a model: a GGUF, or config.json and safetensors", "a folder without one",
                 "Name the model file."});
  return fail({Kind::input, "READ-002", path, "", "one model",
               fmt::format("{}{} GGUF{}", hugging_face ? "a Hugging Face model and " : "",
                           found.size(), found.size() == 1 ? "" : "s"),
               fmt::format("Name the one that is meant, for example {}{}.", found.front(),
                           hugging_face ? " or config.json" : "")});
}

}  // namespace qualm::formats
