// Follows a reading while it runs: what was read, how fast, and whether to go on.
#pragma once

#include <cstdint>
#include <span>

#include "evaluate/measurement.h"

namespace qualm::evaluate {

/// What windows took that really ran.
struct Pace {
  std::int64_t windows = 0;
  double seconds = 0;
};

/// Where a reading is.
struct Reached {
  std::span<const WindowScores> windows;  ///< of the first candidate, in the order read
  Pace original;
  Pace candidates;  ///< all of them
};

class Follower {
 public:
  virtual ~Follower() = default;
  virtual void reached(const Reached& now) { static_cast<void>(now); }
  /// True: what was read has to do. Asked after each step that does not decide; `windows`: read so
  /// far.
  [[nodiscard]] virtual bool enough(std::int64_t windows) {
    static_cast<void>(windows);
    return false;
  }
};

}  // namespace qualm::evaluate
