#include "serve/places.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/text.h"
#include "locate/choose.h"
#include "locate/locate.h"
#include "locate/names.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostSeen = 50'000;  // entries of a folder that are looked at

bool lies_in(const fs::path& folder, const fs::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

bool is_hidden(const fs::path& name) { return name.native().starts_with('.'); }

bool has_hidden_part(const fs::path& relative) {
  return std::ranges::any_of(relative,
                             [](const fs::path& part) { return part != "." && is_hidden(part); });
}

/// No way up, and nothing that the system would read as the end of the path.
bool is_plain(const fs::path& path) {
  return path.native().find('\0') == std::string::npos &&
         std::ranges::find(path, fs::path("..")) == path.end();
}

/// Of a server, or the command that would start one.
bool is_url(const std::string& said) {
  if (said.starts_with("run:")) return true;
  const auto colon = said.find("://");
  return colon != std::string::npos && colon > 0 &&
         std::ranges::all_of(said.substr(0, colon), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-';
         });
}

bool is_safetensors_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "config.json", ignored) &&
         (fs::is_regular_file(folder / "model.safetensors", ignored) ||
          fs::is_regular_file(folder / "model.safetensors.index.json", ignored));
}

const char* kind_of_file(const std::string& name) {
  const std::string lower = lower_case(name);
  const auto ends_with = [&](std::string_view end) { return lower.ends_with(end); };
  if (ends_with(".gguf")) return locate::is_model_file(name) ? "model" : "other";
  if (ends_with(".safetensors")) return "model";
  if (ends_with(".qref")) return "pack";
  constexpr std::array<std::string_view, 5> kTexts{".txt", ".md", ".jsonl", ".raw", ".text"};
  return std::ranges::any_of(kTexts, ends_with) ? "text" : "other";
}

struct Entry {
  std::string name;
  std::string kind;
  std::uintmax_t bytes = 0;
  bool is_folder = false;
};

/// A pipe, a device or what cannot be looked at has no kind.
Entry entry_of(const fs::directory_entry& found) {
  std::error_code error;
  Entry entry{found.path().filename().string(), ""};
  if (found.is_directory(error)) {
    entry.is_folder = true;
    entry.kind = is_safetensors_folder(found.path()) ? "model" : "folder";
  } else if (found.is_regular_file(error)) {
    entry.kind = kind_of_file(entry.name);
    entry.bytes = found.file_size(error);
    if (error) entry.bytes = 0;
  }
  return entry;
}

}  // namespace

Result<Places> Places::open(const std::string& root, const locate::Environment& environment) {
  Places places;
  places.environment_ = environment;
  std::error_code error;
  places.root_ = fs::canonical(root, error);
  if (error || !fs::is_directory(places.root_, error)) return fail(no_root(root));
  for (const locate::StoreFolder& one : locate::store_folders(environment)) {
    fs::path store = fs::canonical(one.path, error);
    if (!error) places.stores_.push_back(std::move(store));
  }
  return places;
}

bool Places::allows(const fs::path& real) const {
  if (std::ranges::any_of(stores_, [&](const fs::path& store) { return lies_in(store, real); }))
    return true;
  return lies_in(root_, real) && !has_hidden_part(real.lexically_relative(root_));
}

Result<fs::path> Places::real(const fs::path& path, const std::string& said) const {
  if (!is_plain(path)) return fail(outside(said));
  std::error_code error;
  fs::path found = fs::canonical(path, error);
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
    return fail(allows(path.lexically_normal()) ? nothing_there(said) : outside(said));
  if (error || !allows(found)) return fail(outside(said));
  return found;
}

Result<Json> Places::list(const std::string& said) const {
  const fs::path path(said);
  if (path.is_absolute() || has_hidden_part(path)) return fail(outside(said));
  QUALM_TRY(const fs::path folder, real(root_ / path, said));
  std::vector<Entry> entries;
  std::error_code error;
  std::size_t seen = 0;
  fs::directory_iterator found(folder, error);
  if (error) return fail(nothing_there(said));
  for (const fs::directory_iterator end; !error && found != end && seen < kMostSeen;
       found.increment(error), ++seen) {
    if (is_hidden(found->path().filename()) || entries.size() > kMostListed) continue;
    std::error_code ignored;
    if (found->is_symlink(ignored) && !real(found->path(), said)) continue;
    Entry entry = entry_of(*found);
    if (!entry.kind.empty()) entries.push_back(std::move(entry));
  }
  const bool truncated = entries.size() > kMostListed || seen == kMostSeen;
  entries.resize(std::min(entries.size(), kMostListed));
  std::ranges::sort(entries, {}, [](const Entry& e) { return std::pair(!e.is_folder, e.name); });
  Json listed = Json::array();
  for (const Entry& entry : entries)
    listed.push_back({{"name", entry.name}, {"kind", entry.kind}, {"bytes", entry.bytes}});
  std::string shown = path.lexically_normal().string();
  while (shown == "." || shown.ends_with('/')) shown.pop_back();
  return Json{{"path", shown},
              {"parent", shown.empty() ? Json() : Json(fs::path(shown).parent_path().string())},
              {"entries", std::move(listed)},
              {"truncated", truncated}};
}

Result<std::string> Places::take(const std::string& said) const {
  if (locate::is_name(said)) {
    QUALM_CHECK(locate::locate(said, environment_));
    return said;
  }
  if (is_url(said)) return fail(no_servers(said));
  const fs::path path = fs::path(said).is_absolute() ? fs::path(said) : root_ / said;
  QUALM_CHECK(real(path, said));
  return path.lexically_normal().string();
}

}  // namespace qualm::serve
