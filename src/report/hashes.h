// Which models and which text: by content, not by name.
#pragma once

#include <string>

namespace qualm::report {

/// What was measured, by content: `qualm merge` joins reports that have the same.
struct Hashes {
  std::string candidate;
  std::string original;  ///< or the pack that stood in for it
  std::string text;      ///< its tokens, and the positions that count
};

}  // namespace qualm::report
