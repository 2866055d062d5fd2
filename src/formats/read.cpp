#include "formats/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "formats/gguf/gguf.h"
#include "formats/hf/hf.h"
#include "formats/part_name.h"
#include "model/kind.h"

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

Error no_model(const std::string& path, const model::KindRow& kind) {
  return {Kind::input,
          "READ-003",
          path,
          "",
          "a language model",
          std::string(kind.name),
          std::string(kind.advice)};
}

Result<model::Checkpoint> read_file(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  const bool hugging_face = name.ends_with(".safetensors") || name == "config.json" ||
                            name.ends_with(".safetensors.index.json");
  auto read = hugging_face ? hf::read(path) : gguf::read(path);
  if (read) return read;
  if (std::string advice = advice_to_join(path); !advice.empty())
    read.error().advice = std::move(advice);
  if (name.ends_with(".qref"))
    read.error().advice = "This is a reference pack: give it with --reference.";
  return read;
}

Result<model::Checkpoint> read_any(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return read_file(path);
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

}  // namespace

Result<model::Checkpoint> read(const std::string& path) {
  QUALM_TRY(auto checkpoint, read_any(path));
  if (const auto& kind = model::kind_of(checkpoint); !kind.weights)
    return fail(no_model(path, kind));
  return checkpoint;
}

Result<model::Checkpoint> read_header(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error) && ggufs_in(path).empty())
    return hf::read_without_tokenizer(path);
  return read(path);
}

Result<model::Checkpoint> read_adapter(const std::string& path) {
  QUALM_TRY(auto checkpoint, read_any(path));
  if (const auto& kind = model::kind_of(checkpoint); kind.kind != model::Kind::adapter)
    return fail({Kind::input, "READ-004", path, "--lora", "a LoRA adapter as a GGUF",
                 std::string(kind.name),
                 "Name the adapter. A PEFT folder becomes one with convert_lora_to_gguf.py."});
  return checkpoint;
}

Result<model::Checkpoint> read_language_model(const std::string& path) {
  QUALM_TRY(auto checkpoint, read(path));
  if (const auto& kind = model::kind_of(checkpoint); kind.kind != model::Kind::language_model)
    return fail(no_model(path, kind));
  return checkpoint;
}

}  // namespace qualm::formats
