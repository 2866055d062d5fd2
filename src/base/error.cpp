#include "base/error.h"

#include <fmt/format.h>

namespace qualm {

int exit_code(Kind kind) noexcept {
  switch (kind) {
    case Kind::input:
      return 2;
    case Kind::undecided:
      return 3;
    case Kind::engine:
      return 4;
    case Kind::cancelled:
      return 130;
  }
  return 4;
}

std::string printable(std::string_view untrusted) {
  std::string out;
  out.reserve(untrusted.size());
  for (const char c : untrusted) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string describe(const Error& error) {
  std::string line = fmt::format("error[{}]", error.code);
  const auto add = [&](std::string_view before, std::string_view text) {
    if (!text.empty()) line += fmt::format("{}{}", before, printable(text));
  };
  add(" ", error.file);
  add(error.file.empty() ? " " : ", ", error.place);
  line += ":";
  add(" expected ", error.expected);
  add(error.expected.empty() ? " " : ", found ", error.found);
  line += ".";
  add(" ", error.advice);
  return line;
}

}  // namespace qualm
