#include "locate/names.h"

#include <algorithm>
#include <vector>

#include "locate/refusals.h"

namespace qualm::locate {
namespace {

constexpr std::size_t kLongestName = 1024;
constexpr std::size_t kLongestPart = 128;

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// A part of a path in a repository: any name of a file that leads nowhere else.
bool is_file_part(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && part.size() <= 255 &&
         std::ranges::none_of(part, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

Result<std::string> without_prefix(const std::string& word) {
  if (word.size() > kLongestName) return fail(bad_name(word, "a name that is too long"));
  return word.substr(word.find(':') + 1);
}

std::string as_found(const std::string& part) {
  return part.empty() ? "an empty part" : "the part \"" + printable(part) + "\"";
}

}  // namespace

bool is_plain_part(std::string_view part) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
  return !part.empty() && part.size() <= kLongestPart && part.find("..") == std::string::npos &&
         part != "." && part.find_first_not_of(kPlain) == std::string::npos;
}

bool is_name(const std::string& word) {
  return word.starts_with(kHub) || word.starts_with(kOllama) || word.starts_with(kLmStudio);
}

Result<RepoName> parse_repo(const std::string& word) {
  QUALM_TRY(const std::string rest, without_prefix(word));
  RepoName name;
  auto parts = split(rest, '/');
  if (parts.size() <= 2) {  // a tag stands behind the repository, a file has none
    const auto colon = parts.back().find(':');
    if (colon != std::string::npos) {
      name.tag = parts.back().substr(colon + 1);
      parts.back().resize(colon);
      if (!is_plain_part(name.tag)) return fail(bad_name(word, as_found(name.tag)));
    }
  }
  if (parts.size() >= 2) name.org = parts.front();
  name.repo = parts[parts.size() >= 2 ? 1 : 0];
  for (std::size_t i = 0; i < std::min<std::size_t>(parts.size(), 2); ++i)
    if (!is_plain_part(parts[i]) || parts[i].find("--") != std::string::npos)
      return fail(bad_name(word, as_found(parts[i])));
  for (std::size_t i = 2; i < parts.size(); ++i) {
    if (!is_file_part(parts[i])) return fail(bad_name(word, as_found(parts[i])));
    name.file += (i > 2 ? "/" : "") + parts[i];
  }
  return name;
}

Result<OllamaName> parse_ollama(const std::string& word) {
  QUALM_TRY(const std::string rest, without_prefix(word));
  auto parts = split(rest, '/');
  if (parts.size() > 3) return fail(bad_name(word, "more than host, owner and model"));
  OllamaName name;
  name.model = parts.back();
  if (const auto colon = name.model.find(':'); colon != std::string::npos) {
    name.tag = name.model.substr(colon + 1);
    name.model.resize(colon);
  }
  if (parts.size() >= 2) name.owner = parts[parts.size() - 2];
  if (parts.size() == 3) name.host = parts.front();
  for (const std::string& part : {name.host, name.owner, name.model, name.tag})
    if (!is_plain_part(part)) return fail(bad_name(word, as_found(part)));
  return name;
}

std::string OllamaName::shown() const {
  const OllamaName defaults;
  std::string text;
  if (host != defaults.host) text += host + "/";
  if (host != defaults.host || owner != defaults.owner) text += owner + "/";
  return text + model + ":" + tag;
}

}  // namespace qualm::locate
