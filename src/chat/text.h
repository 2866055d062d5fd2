// Small things about the text of prompts.
#pragma once

#include <string>
#include <string_view>

namespace qualm::chat {

/// On one line, for a message: a line break as \n, other control characters escaped.
[[nodiscard]] std::string on_one_line(std::string_view text);

}  // namespace qualm::chat
