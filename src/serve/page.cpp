#include "serve/page.h"

#include <fmt/format.h>

#include <vector>

#include "base/sha256.h"
#include "base/text.h"

namespace qualm::serve {
namespace {

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/// RFC 4648, of the bytes that hexadecimal digits stand for.
std::string base64(const std::string& hex) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned held = 0;
  int count = 0;
  for (const char c : hex) {
    held = held << 4 | static_cast<unsigned>(digit(c));
    count += 4;
    if (count < 6) continue;
    count -= 6;
    text += kLetters[held >> count & 63];
  }
  if (count > 0) text += kLetters[held << (6 - count) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

/// 'sha256-...' of everything between <name ...> and </name>; 'none' where there is nothing.
std::string hashes_of(std::string_view page, const std::string& lower, const std::string& name) {
  std::string sources;
  const std::string open = "<" + name;
  const std::string close = "</" + name;
  for (auto at = lower.find(open); at != std::string::npos; at = lower.find(open, at)) {
    at += open.size();
    const bool whole = lower.find_first_of(" >\t\n/", at) == at;  // not <scripted>
    const auto begin = lower.find('>', at);
    const auto end = begin == std::string::npos ? begin : lower.find(close, begin);
    if (!whole || end == std::string::npos) continue;
    const std::string_view text = page.substr(begin + 1, end - begin - 1);
    sources += fmt::format(" 'sha256-{}'", base64(sha256(std::as_bytes(std::span(text)))));
    at = end;
  }
  return sources.empty() ? " 'none'" : sources;
}

}  // namespace

std::string policy_of(std::string_view page) {
  const std::string lower = lower_case(page);
  return fmt::format(
      "default-src 'none'; script-src{}; style-src{}; connect-src 'self'; img-src data:; base-uri "
      "'none'; form-action 'none'; frame-ancestors 'none'",
      hashes_of(page, lower, "script"), hashes_of(page, lower, "style"));
}

}  // namespace qualm::serve
