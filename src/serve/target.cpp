#include "serve/target.h"

#include <algorithm>
#include <optional>

#include "serve/refusals.h"

namespace qualm::serve {
namespace {

enum class Plus { itself, blank };

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Nothing: an escape that is none, or a control character.
std::optional<std::string> decoded(std::string_view text, Plus plus) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = digit_of(text[i + 1]);
      const int low = digit_of(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::blank) {
      c = ' ';
    }
    if (is_control(c)) return std::nullopt;
    bytes += c;
  }
  return bytes;
}

/// The text up to `end`, which is taken off the rest.
std::string_view cut(std::string_view& rest, char end) {
  const std::string_view part = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

bool take_path(std::string_view text, Target& target) {
  while (!text.empty()) {
    auto part = decoded(cut(text, '/'), Plus::itself);
    if (!part) return false;
    if (!part->empty()) target.path.push_back(*std::move(part));
  }
  return true;
}

bool take_query(std::string_view text, Target& target) {
  while (!text.empty()) {
    std::string_view pair = cut(text, '&');
    if (pair.empty()) continue;
    const auto name = decoded(cut(pair, '='), Plus::blank);
    auto value = decoded(pair, Plus::blank);
    if (!name || !value || !target.query.emplace(*name, *std::move(value)).second) return false;
  }
  return true;
}

}  // namespace

Result<Target> parse_target(std::string_view raw) {
  Target target;
  std::string_view rest = raw;
  const bool fits = raw.size() <= kLongestTarget && raw.starts_with('/') &&
                    raw.find('#') == std::string_view::npos;
  if (!fits || !take_path(cut(rest, '?'), target) || !take_query(rest, target))
    return fail(bad_target(raw));
  return target;
}

}  // namespace qualm::serve
