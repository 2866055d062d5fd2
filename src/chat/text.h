// Small things about the text of prompts.
#pragma once

#include <string>
#include <string_view>

namespace qualm::chat {

/// Without white space at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// On one line, for a message: a line break as \n, other control characters escaped.
[[nodiscard]] std::string on_one_line(std::string_view text);

}  // namespace qualm::chat
