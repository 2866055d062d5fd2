#include "locate/choose.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/text.h"

namespace qualm::locate {
namespace {

constexpr std::string_view kGguf = ".gguf";

std::string_view last_part(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Without ".gguf" and, of a shard, without "-00001-of-00002"; `shard` is then 1.
struct Stem {
  std::string_view text;
  std::string_view shard;
};
Stem stem_of(std::string_view path) {
  constexpr std::string_view kShard = "-00001-of-00002";
  constexpr std::size_t kOf = 6;  // where "-of-" stands in it
  path.remove_suffix(kGguf.size());
  if (path.size() <= kShard.size()) return {path, ""};
  const auto end = path.substr(path.size() - kShard.size());
  if (end.front() != '-' || end.substr(kOf, 4) != "-of-" || !digits(end.substr(1, 5)) ||
      !digits(end.substr(kOf + 4)))
    return {path, ""};
  path.remove_suffix(kShard.size());
  return {path, end.substr(1, 5)};
}

bool has_tag(const std::string& path, const std::string& tag) {
  const std::string all = upper_case(path);
  const std::string wanted = upper_case(tag);
  for (auto at = all.find(wanted); at != std::string::npos; at = all.find(wanted, at + 1)) {
    const std::size_t behind = at + wanted.size();
    if (behind < all.size() && (all[behind] == '.' || all[behind] == '-')) return true;
  }
  return false;
}

}  // namespace

bool is_model_file(const std::string& path) {
  constexpr std::array<std::string_view, 6> kOther{"mmproj",  "imatrix", "mtp-",
                                                   "eagle3-", "dflash-", "dspark-"};
  if (!path.ends_with(kGguf)) return false;
  const auto name = last_part(path);
  const auto shard = stem_of(path).shard;
  return (shard.empty() || shard == "00001") &&
         std::ranges::none_of(kOther, [&](std::string_view other) {
           return name.find(other) != std::string_view::npos;
         });
}

std::vector<std::string> choose(const std::vector<std::string>& files, const std::string& tag) {
  std::vector<std::string> models;
  std::ranges::copy_if(files, std::back_inserter(models), is_model_file);
  std::vector<std::string> tags{tag};
  if (tag.empty()) tags = {"Q4_K_M", "Q8_0"};
  for (const std::string& one : tags) {
    std::vector<std::string> found;
    std::ranges::copy_if(models, std::back_inserter(found),
                         [&](const std::string& path) { return has_tag(path, one); });
    if (!found.empty()) return found;
  }
  return tag.empty() ? models : std::vector<std::string>();
}

std::string tag_of(const std::string& path) {
  if (!path.ends_with(kGguf)) return "";
  const auto stem = stem_of(path).text;
  const auto at = stem.find_last_of("-./");
  if (at == std::string_view::npos || stem[at] == '/') return "";
  const auto tag = stem.substr(at + 1);
  const bool plain = std::ranges::all_of(
      tag, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  return plain ? upper_case(tag) : "";
}

std::string name_of(const std::string& id, const std::string& file,
                    const std::vector<std::string>& files) {
  const std::string tag = tag_of(file);
  const bool alone = !tag.empty() && choose(files, tag) == std::vector{file};
  return alone ? id + ":" + tag : id + "/" + file;
}

bool is_safetensors_model(const std::vector<std::string>& files) {
  return std::ranges::find(files, "config.json") != files.end() &&
         std::ranges::none_of(files, is_model_file) &&
         std::ranges::any_of(files, [](const std::string& path) {
           return path.ends_with(".safetensors") && path.find('/') == std::string::npos;
         });
}

}  // namespace qualm::locate
