// The status of a check as people read it, in a report and while a diagnosis runs.
#pragma once

#include <string_view>

#include "report/page.h"

namespace qualm::report {

/// A cause that rests on an estimate is likely.
enum class Sure { certain, likely };

/// `check` and `status` as in JSON. The first check says that the files match: its title is the
/// good case, those of the others the cause.
[[nodiscard]] Cell status_word(std::string_view check, std::string_view status, Sure sure);

}  // namespace qualm::report
