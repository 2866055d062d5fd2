#include "formats/part_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>

namespace qualm::formats {
namespace {

/// The whole file's name, what stands between it and the number, and the number.
const std::regex& pattern() {
  static const std::regex kPattern(
      R"((.+?)(\.part-?|-split-|\.split-|-part-|\.)(\d{1,3}of\d{1,3}|\d{3}|[a-z]{1,2}))");
  return kPattern;
}

}  // namespace

std::string advice_to_join(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  std::smatch found;
  constexpr std::size_t kLongest = 255;  // a name of a file; std::regex recurses
  if (name.size() > kLongest || !std::regex_match(name, found, pattern())) return {};
  const std::string whole = found[1];
  const std::string between = found[2];
  const std::string number = found[3];
  const bool letters = std::ranges::none_of(number, [](char c) { return c >= '0' && c <= '9'; });
  // "model.v" or "model.fp" is no piece: a dot alone goes with digits only, after a known ending.
  const bool model = whole.ends_with(".gguf") || whole.ends_with(".safetensors");
  if (between == "." && (letters || !model)) return {};
  // In the order of their numbers, which a shell's * does not keep from 10 pieces on.
  const auto of = number.find("of");
  const std::string all =
      of == std::string::npos ? "*" : fmt::format("{{1..{0}}}of{0}", number.substr(of + 2));
  return fmt::format(
      "By its name this is one piece of a file: join all pieces in their order, `cat {0}{1}{2} > "
      "{3}`, and give {3}.",
      whole, between, all, model ? whole : whole + ".gguf");
}

}  // namespace qualm::formats
