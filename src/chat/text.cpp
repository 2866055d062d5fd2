#include "chat/text.h"

#include <algorithm>

#include "base/error.h"

namespace qualm::chat {

std::string on_one_line(std::string_view text) {
  std::string line;
  while (true) {
    const auto end = text.find('\n');
    line += printable(text.substr(0, end));
    if (end == std::string_view::npos) return line;
    line += "\\n";
    text.remove_prefix(end + 1);
  }
}

}  // namespace qualm::chat
