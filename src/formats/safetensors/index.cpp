// Models of several files: the index, and what a folder holds.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/json.h"
#include "formats/safetensors/refusal.h"
#include "formats/safetensors/safetensors.h"

namespace qualm::safetensors {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using WeightMap = std::map<std::string, std::string>;  // tensor to file name

constexpr std::string_view kIndexEnd = ".safetensors.index.json";

/// An index may come from anyone: it may only point into its own folder.
bool plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
}

Result<WeightMap> read_weight_map(const std::string& path, const json& root) {
  const auto wrong = [&](std::string place, std::string expected) {
    return refuse(path, {"ST-020", std::move(place), std::move(expected), "something else",
                         "Fetch the index again, or name one file of the model."});
  };
  if (!root.is_object()) return wrong("index", "a JSON object");
  const auto found = root.find("weight_map");
  if (found == root.end() || !found->is_object() || found->empty())
    return wrong("weight_map", "an object of tensor names and file names");
  WeightMap map;
  for (const auto& [tensor, file] : found->items()) {
    if (!file.is_string()) return wrong("weight_map, tensor " + tensor, "a file name");
    const auto& name = file.get_ref<const std::string&>();
    if (!plain_name(name))
      return refuse(
          path, {"ST-021", "weight_map, tensor " + tensor, "a plain file name in this folder", name,
                 "Do not use this index: it points outside the model's folder."});
    map.emplace(tensor, name);
  }
  return map;
}

Result<void> add_shards(Container& container, const std::string& index, const WeightMap& map,
                        const Opener& opener) {
  std::set<std::string> names;
  for (const auto& [tensor, name] : map) names.insert(name);
  for (const std::string& name : names) {
    const std::string path = (fs::path(index).parent_path() / name).string();
    auto file = opener(path);
    if (!file && file.error().code == "FILE-001")
      return refuse(index, {"ST-022", "weight_map", "the file " + name + " beside the index",
                            "nothing at " + path, "Fetch the missing file."});
    if (!file) return std::unexpected(std::move(file).error());
    QUALM_CHECK(container.add(*file));
  }
  return {};
}

Result<void> check_against_map(Container& container, const std::string& index,
                               const WeightMap& map) {
  for (const auto& [tensor, name] : map) {
    const codec::Part* part = container.find(tensor);
    if (part == nullptr)
      return refuse(index,
                    {"ST-023", "weight_map, tensor " + tensor, "it in " + name, "no such tensor",
                     "Index and files are of different versions; fetch both again."});
    if (fs::path(part->file->path()).filename() != name)
      return refuse(index, {"ST-023", "weight_map, tensor " + tensor, "it in " + name,
                            "it in " + part->file->path(),
                            "Index and files are of different versions; fetch both again."});
  }
  const auto extra = std::ranges::find_if(
      container.tensors(), [&](const codec::Part& part) { return !map.contains(part.name); });
  if (extra != container.tensors().end())
    container.note(fmt::format("{} tensors of the files are not in the index, the first is {}",
                               container.tensors().size() - map.size(), extra->name));
  return {};
}

void check_total_size(Container& container, const json& root) {
  const auto metadata = root.find("metadata");
  if (metadata == root.end() || !metadata->is_object()) return;
  const auto total = metadata->find("total_size");
  if (total == metadata->end() || !total->is_number_unsigned()) return;
  std::uint64_t sum = 0;
  for (const codec::Part& part : container.tensors()) sum += part.bytes.size();
  if (total->get<std::uint64_t>() != sum)
    container.note(fmt::format("the index states {} bytes in all, the tensors have {}",
                               total->get<std::uint64_t>(), sum));
}

std::vector<std::string> names_ending(const std::vector<std::string>& names, std::string_view end) {
  std::vector<std::string> found;
  std::ranges::copy_if(names, std::back_inserter(found),
                       [&](const std::string& name) { return name.ends_with(end); });
  return found;
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code reason;
  for (fs::directory_iterator entry(path, reason), end; !reason && entry != end;
       entry.increment(reason))
    names.push_back(entry->path().filename().string());
  if (reason) return refuse(path, {"FILE-003", "", "a readable folder", reason.message(), ""});
  std::ranges::sort(names);
  return names;
}

/// What else is there that a user may have taken for safetensors.
std::string other_weights(const std::vector<std::string>& names) {
  for (const std::string_view end : {".gguf", ".bin", ".pt", ".pth"}) {
    if (const auto found = names_ending(names, end); !found.empty()) return "only " + found.front();
  }
  return "none";
}

Result<Container> open_folder(const std::string& path) {
  QUALM_TRY(const auto names, list_folder(path));
  const auto inside = [&](const std::string& name) { return (fs::path(path) / name).string(); };
  const auto indices = names_ending(names, kIndexEnd);
  const bool usual = std::ranges::count(indices, "model.safetensors.index.json") > 0;
  if (usual || indices.size() == 1)
    return open(inside(usual ? "model.safetensors.index.json" : indices.front()));
  if (std::ranges::count(names, "model.safetensors") > 0) return open(inside("model.safetensors"));
  const auto files = names_ending(names, ".safetensors");
  if (files.empty())
    return refuse(
        path,
        {"ST-030", "", "safetensors files in this folder", other_weights(names),
         "Pickled weights (.bin, .pt) are not opened: convert them. A GGUF is named itself."});
  Container container;
  for (const std::string& name : files) {
    QUALM_TRY(const auto file, map_file(inside(name)));
    QUALM_CHECK(container.add(file));
  }
  return container;
}

}  // namespace

Result<Container> open_index(const std::shared_ptr<const FileSource>& index, const Opener& opener) {
  const std::span<const std::byte> bytes = index->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  QUALM_TRY(const json root, formats::parse_json(text, index->path(), "index"));
  QUALM_TRY(const WeightMap map, read_weight_map(index->path(), root));
  Container container;
  QUALM_CHECK(add_shards(container, index->path(), map, opener));
  QUALM_CHECK(check_against_map(container, index->path(), map));
  check_total_size(container, root);
  return container;
}

Result<Container> open(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return open_folder(path);
  QUALM_TRY(const auto file, map_file(path));
  return path.ends_with(kIndexEnd) ? open_index(file) : open_file(file);
}

}  // namespace qualm::safetensors
