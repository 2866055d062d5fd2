// Small things about text that several folders need. Letters are those of ASCII: other bytes stay
// as they are.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace qualm {

[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string upper_case(std::string_view text);
/// Equal but for the case of letters.
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b) noexcept;

/// Without blanks, tabs and line ends around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// Of UTF-8: a byte that is not the first of its character.
[[nodiscard]] constexpr bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Code points of UTF-8: the columns of a terminal, where wide and combining characters are not
/// told apart.
[[nodiscard]] std::size_t character_count(std::string_view text) noexcept;

/// For a command to paste: in single quotes where the shell would not take the word as it stands.
[[nodiscard]] std::string shell_word(const std::string& word);

}  // namespace qualm
