#include "diagnose/mend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "diagnose/remedy_command.h"

namespace qualm::diagnose {

std::optional<Fix> repair_of(const Given& given, const std::vector<Fault>& faults) {
  if (!given.candidate->format.starts_with("GGUF")) return std::nullopt;
  std::string changes;
  std::vector<std::string> keys;
  bool copies = false;
  for (const Fault& fault : faults) {
    if (!fault.mend && fault.effect == Effect::weights) return std::nullopt;
    if (!fault.mend || std::ranges::find(keys, fault.where) != keys.end()) continue;
    const Mend& mend = *fault.mend;
    keys.push_back(fault.where);
    copies = copies || mend.how == Mend::How::copy;
    const char* option = mend.how == Mend::How::set    ? "--set"
                         : mend.how == Mend::How::copy ? "--copy"
                                                       : "--remove";
    const std::string value =
        mend.how == Mend::How::set ? fault.where + "=" + mend.value : fault.where;
    changes += fmt::format(" {} {}", option, shell_word(value));
  }
  if (changes.empty()) return std::nullopt;
  const std::string path =
      given.candidate_path.starts_with('-') ? "./" + given.candidate_path : given.candidate_path;
  return Fix{
      .name = "the repaired file",
      .command = fmt::format("qualm repair {}{}{} -o {}", shell_word(path),
                             copies ? " --from " + shell_word(given.baseline_path) : "", changes,
                             shell_word(stem_of(given.candidate_path) + "-repaired.gguf")),
      .effect =
          fmt::format("{} as in the original, the weights as they are", fmt::join(keys, ", "))};
}

}  // namespace qualm::diagnose
