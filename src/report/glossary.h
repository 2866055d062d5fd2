// The words of the screens that no other table defines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qualm::report {

/// A word with what it means. A name that ends in "*" stands for all that begin like it.
struct Word {
  std::string name;
  std::string meaning;
  std::vector<std::string> also = {};  ///< other words for the same
};

struct Section {
  std::string title;
  std::vector<Word> words;
};

/// Answers, terms, headings, risks and evidence.
[[nodiscard]] std::vector<Section> glossary();

/// In any letter case, with "_", "-" or a blank between its parts.
[[nodiscard]] bool is_named(const Word& word, std::string_view asked);

}  // namespace qualm::report
