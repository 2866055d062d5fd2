#include "locate/ollama.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "formats/json.h"
#include "locate/inside.h"
#include "locate/refusals.h"

namespace qualm::locate {
namespace {

using nlohmann::json;

constexpr std::string_view kMedia = "application/vnd.ollama.image.";
constexpr std::int64_t kLargestManifest = 4 << 20;
constexpr std::int64_t kLargestText = 1 << 20;  // of a template, of parameters
constexpr std::size_t kMostStops = 64;

/// "sha256:HEX" or "sha256-HEX" as the name of a file; "" where it is none.
std::string blob_name(const std::string& digest) {
  constexpr std::size_t kPrefix = 7;
  constexpr std::size_t kHex = 64;
  const bool known = digest.starts_with("sha256:") || digest.starts_with("sha256-");
  if (!known || digest.size() != kPrefix + kHex ||
      digest.find_first_not_of("0123456789abcdef", kPrefix) != std::string::npos)
    return "";
  return "sha256-" + digest.substr(kPrefix);
}

std::optional<double> number_in(const json& object, std::string_view key) {
  const json& value = formats::member(object, key);
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  return std::isfinite(number) && number >= 0 ? std::optional(number) : std::nullopt;
}

/// The file of a layer, which is as long as the manifest says.
Result<std::string> blob(const Manifest& manifest, const Layer& layer) {
  QUALM_TRY(std::string path, inside(manifest.store, manifest.store + "/blobs/" + layer.digest));
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (layer.size >= 0 && (error || std::cmp_not_equal(size, layer.size)))
    return fail(bad_store_file(path, "size", fmt::format("{} bytes", layer.size),
                               error ? error.message() : fmt::format("{}", size)));
  return path;
}

Result<std::string> text_of(const Manifest& manifest, const Layer& layer) {
  QUALM_TRY(const std::string path, blob(manifest, layer));
  return small_file(path, kLargestText);
}

Result<void> read_layer(const Manifest& manifest, const Layer& layer, Overrides& into) {
  if (layer.type == "template") {
    QUALM_TRY(into.prompt_template, text_of(manifest, layer));
  } else if (layer.type == "system") {
    QUALM_TRY(into.system, text_of(manifest, layer));
  } else if (layer.type == "params") {
    QUALM_TRY(const std::string text, text_of(manifest, layer));
    QUALM_CHECK(parse_parameters(text, manifest.store + "/blobs/" + layer.digest, into));
  } else if (layer.type == "adapter") {
    QUALM_TRY(into.adapter, blob(manifest, layer));
  }
  return {};
}

/// The layer that is the model.
Result<Layer> model_layer(const Manifest& manifest, const std::vector<Layer>& layers) {
  const std::string name = std::string(kOllama) + manifest.name.shown();
  std::vector<Layer> models;
  for (const Layer& layer : layers) {
    if (layer.type == "model") models.push_back(layer);
    if (layer.type == "tensor")
      return fail(not_one_file(name, "a model that Ollama keeps tensor by tensor"));
  }
  if (models.empty())
    return fail(bad_store_file(manifest.path, "layers", "a layer with the model", "none"));
  if (models.size() > 1)
    return fail(not_one_file(name, fmt::format("a model in {} files", models.size())));
  return models.front();
}

}  // namespace

Result<void> parse_parameters(std::string_view text, const std::string& path, Overrides& into) {
  QUALM_TRY(const json params,
            formats::parse_json(text, path, "parameters",
                                {.bytes = kLargestText, .values = 10'000, .depth = 8}));
  into.temperature = number_in(params, "temperature");
  into.repeat_penalty = number_in(params, "repeat_penalty");
  constexpr double kLargestContext = 1e9;
  if (const auto tokens = number_in(params, "num_ctx"); tokens && *tokens <= kLargestContext)
    into.num_ctx = static_cast<std::int64_t>(*tokens);
  const json& stop = formats::member(params, "stop");
  if (stop.is_string()) into.stop.push_back(stop.get<std::string>());
  if (stop.is_array())
    for (const json& one : stop)
      if (one.is_string() && into.stop.size() < kMostStops)
        into.stop.push_back(one.get<std::string>());
  return {};
}

Result<std::vector<Layer>> parse_manifest(std::string_view text, const std::string& path) {
  QUALM_TRY(const json manifest,
            formats::parse_json(text, path, "manifest",
                                {.bytes = kLargestManifest, .values = 200'000, .depth = 16}));
  const json& listed = formats::member(manifest, "layers");
  if (!listed.is_array()) return fail(bad_store_file(path, "layers", "a list of layers", "none"));
  std::vector<Layer> layers;
  for (const json& one : listed) {
    const json& type = formats::member(one, "mediaType");
    const json& digest = formats::member(one, "digest");
    const json& size = formats::member(one, "size");
    if (!type.is_string() || !type.get_ref<const std::string&>().starts_with(kMedia)) continue;
    Layer layer{.type = type.get<std::string>().substr(kMedia.size())};
    if (digest.is_string()) layer.digest = blob_name(digest.get<std::string>());
    if (layer.digest.empty())
      return fail(
          bad_store_file(path, "digest", "sha256: and 64 digits of hex",
                         digest.is_string() ? digest.get<std::string>().substr(0, 80) : "none"));
    if (size.is_number_integer()) layer.size = std::max<std::int64_t>(-1, size.get<std::int64_t>());
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::vector<Manifest> ollama_manifests(const Environment& environment) {
  std::vector<Manifest> all;
  for (const std::string& store : ollama_folders(environment)) {
    const std::string root = store + "/manifests";
    for (const std::string& file : files_below(root, 4)) {
      OllamaName name;
      const auto host = file.find('/');
      const auto owner = file.find('/', host + 1);
      const auto model = owner == file.npos ? owner : file.find('/', owner + 1);
      if (host == file.npos || owner == file.npos || model == file.npos) continue;
      name.host = file.substr(0, host);
      name.owner = file.substr(host + 1, owner - host - 1);
      name.model = file.substr(owner + 1, model - owner - 1);
      name.tag = file.substr(model + 1);
      if (std::ranges::all_of(std::array{&name.host, &name.owner, &name.model, &name.tag},
                              [](const std::string* part) { return is_plain_part(*part); }))
        all.push_back({store, root + "/" + file, std::move(name)});
    }
  }
  return all;
}

std::vector<Manifest> manifests_of(const Environment& environment, const OllamaName& name) {
  auto all = ollama_manifests(environment);
  std::erase_if(all, [&](const Manifest& one) {
    return !same_letters(one.name.host, name.host) || !same_letters(one.name.owner, name.owner) ||
           !same_letters(one.name.model, name.model) || !same_letters(one.name.tag, name.tag);
  });
  return all;
}

Result<OllamaModel> open_manifest(const Manifest& manifest) {
  QUALM_TRY(const std::string path, inside(manifest.store, manifest.path));
  QUALM_TRY(const std::string text, small_file(path, kLargestManifest));
  QUALM_TRY(const auto layers, parse_manifest(text, path));
  QUALM_TRY(const Layer layer, model_layer(manifest, layers));
  OllamaModel model;
  QUALM_TRY(model.path, blob(manifest, layer));
  for (const Layer& one : layers) QUALM_CHECK(read_layer(manifest, one, model.overrides));
  return model;
}

}  // namespace qualm::locate
