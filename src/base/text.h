// Small things about text that several folders need. ASCII alone: other bytes stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace qualm {

[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string upper_case(std::string_view text);
/// Equal but for the case of letters.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b) noexcept;

/// For a command to paste: in single quotes where the shell would not take the word as it stands.
[[nodiscard]] std::string shell_word(const std::string& word);

}  // namespace qualm
