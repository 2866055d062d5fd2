// A candidate that is not run here but asked: a server that somebody runs. It gives what it says of
// the original's most likely tokens, not rows of logits.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "evaluate/kept_rows.h"
#include "evaluate/score_pairs.h"

namespace qualm::evaluate {

struct AskedScores {
  std::vector<WindowScores> windows;  ///< `kld` is an estimate without bias: it can be below 0
  std::vector<WindowScores> bounds;   ///< the same, but `kld` is a lower bound
};

class AskedCandidate {
 public:
  virtual ~AskedCandidate() = default;
  /// How many windows it answers at a time.
  [[nodiscard]] virtual std::size_t together() const noexcept = 0;
  /// Scores of `windows` in this order, all of which `kept` knows. Errors: those of its server.
  [[nodiscard]] virtual Result<AskedScores> ask(const TextWindows& text,
                                                std::span<const std::int32_t> windows,
                                                Reference& kept, Progress& progress) = 0;
};

struct AskedRun {
  PairScores scores;
  std::vector<WindowScores> bounds;  ///< of the same windows
  std::string cut_off;               ///< why it ended before its question was answered; or empty
  bool cancelled = false;
  std::int64_t windows_run = 0;  ///< of both
};

/// As score_pairs, of one candidate that is asked; `reading.kept` is needed. A server that fails
/// after some windows leaves these. Errors: those of the original; of the candidate where it gave
/// no window.
[[nodiscard]] Result<AskedRun> score_asked(SourceMaker& original, AskedCandidate& candidate,
                                           const Reading& reading, Progress& progress);

/// `measured` with those windows and positions alone that `asked` has: a server answers at some.
/// Not summarized.
[[nodiscard]] Measurement at_positions_of(const Measurement& measured, const Measurement& asked);

}  // namespace qualm::evaluate
