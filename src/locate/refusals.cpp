#include "locate/refusals.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace qualm::locate {
namespace {

constexpr std::size_t kShown = 120;  // characters of a name in a message
constexpr std::size_t kListed = 12;  // names in a message

std::string shortened(const std::string& name) {
  return name.size() <= kShown ? name : name.substr(0, kShown) + "...";
}

}  // namespace

Error bad_name(const std::string& name, const std::string& found) {
  return {Kind::input,
          "LOCATE-001",
          shortened(name),
          "",
          "hf:ORG/REPO[:TAG], hf:ORG/REPO/FILE, ollama:NAME[:TAG] or lms:PUBLISHER/REPO[/FILE]",
          found,
          "A file whose own name begins so is named with ./ before it."};
}

Error not_found(const std::string& name, const std::string& found, const std::string& command) {
  return {Kind::input,
          "LOCATE-002",
          name,
          "",
          "a model on this machine",
          found,
          fmt::format("Get it with: {}", command)};
}

Error several(const std::string& name, const std::vector<std::string>& matches) {
  std::string all = fmt::format(
      "{}",
      fmt::join(matches.begin(),
                matches.begin() + static_cast<std::ptrdiff_t>(std::min(matches.size(), kListed)),
                ", "));
  if (matches.size() > kListed) all += fmt::format(" and {} more", matches.size() - kListed);
  return {Kind::input,    "LOCATE-003",       name, "", "one model with this name",
          std::move(all), "Give one of them."};
}

Error leaves_store(const std::string& path, const std::string& found) {
  return {Kind::input,
          "LOCATE-004",
          path,
          "",
          "a file inside of its store",
          found,
          "Give the path of the file itself, if you trust it."};
}

Error bad_store_file(const std::string& path, const std::string& place, const std::string& expected,
                     const std::string& found) {
  return {Kind::input,
          "LOCATE-005",
          path,
          place,
          expected,
          found,
          "Download the model again with the program that the store belongs to."};
}

Error too_large(const std::string& path, std::int64_t most, std::size_t found) {
  return bad_store_file(path, "", fmt::format("at most {} bytes", most), fmt::format("{}", found));
}

Error not_one_file(const std::string& name, const std::string& found) {
  return {Kind::input,
          "LOCATE-006",
          name,
          "",
          "a model that is one GGUF file",
          found,
          "Take a GGUF of the model, for example from Hugging Face."};
}

Error not_there(const std::string& path) {
  return {Kind::input,
          "LOCATE-007",
          path,
          "",
          "a file",
          "no finished download of it",
          "Download it again with the program that the store belongs to."};
}

}  // namespace qualm::locate
