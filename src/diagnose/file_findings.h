// What the files show, whatever the bits: faults, and what is worth telling beside them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Something that the files leave open.
struct OpenQuestion {
  std::string says;   ///< for the headline
  std::string needs;  ///< what would have to be given to tell
};

struct FileFindings {
  std::vector<Fault> faults = {};  ///< the first one is the headline
  std::vector<Evidence> notes = {};
  std::vector<OpenQuestion> open = {};
  std::vector<std::string> risks =
      {};                      ///< of prompts, no faults for certain: told without an original
  std::size_t note_count = 0;  ///< differences that come to nothing
  std::size_t more = 0;        ///< differences that are not listed
};

[[nodiscard]] FileFindings file_findings(const Facts& facts);

/// A fault changes how the weights are used (Effect::weights): what their bits lose cannot be
/// measured apart from it.
[[nodiscard]] bool confounded(const FileFindings& findings) noexcept;

}  // namespace qualm::diagnose
