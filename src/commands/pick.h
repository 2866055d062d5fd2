// Which of several candidates to take: the smallest that loses little enough and fits.
#pragma once

#include "diagnose/ladder.h"
#include "job/request.h"
#include "report/report.h"

namespace qualm::commands {

/// What `pick` is decided by.
struct PickBy {
  job::Condition limit;     ///< what a candidate must certainly keep
  double confidence = 0;    ///< of each candidate's answer
  std::int64_t memory = 0;  ///< bytes that weights and cache may take
};

/// KLD under 0.06, the end of the grade "small": where the user names no limit.
[[nodiscard]] job::Condition default_limit();

/// The candidates from the smallest on; one whose cache has no known size may be picked.
[[nodiscard]] diagnose::Ladder ladder_of(const std::vector<report::MeasureResult>& results,
                                         const PickBy& by);

}  // namespace qualm::commands
