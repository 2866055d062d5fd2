// Runs windows through the baseline and the candidates, and scores them while both logits are in
// memory.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "evaluate/measurement.h"
#include "evaluate/original_side.h"
#include "evaluate/text_windows.h"
#include "evaluate/watch.h"

namespace qualm::evaluate {

/// Keeps results for the next run: scores of windows (load, save), and any text by its key (recall,
/// remember). A store that fails keeps nothing; it never stops a run.
class WindowStore {
 public:
  virtual ~WindowStore() = default;
  /// Those of `windows` that are known under `key`, in any order.
  [[nodiscard]] virtual std::vector<WindowScores> load(const std::string& key,
                                                       std::span<const std::int32_t> windows) {
    static_cast<void>(key), static_cast<void>(windows);
    return {};
  }
  virtual void save(const std::string& key, std::span<const WindowScores> windows) {
    static_cast<void>(key), static_cast<void>(windows);
  }
  [[nodiscard]] virtual std::optional<std::string> recall(const std::string& key) {
    static_cast<void>(key);
    return std::nullopt;
  }
  virtual void remember(const std::string& key, const std::string& text) {
    static_cast<void>(key), static_cast<void>(text);
  }
};

struct Candidate {
  std::string name;  ///< for progress
  std::string key;   ///< of the store: both models, text, settings, version
  SourceMaker* source = nullptr;
  /// Upper limit for the number of windows; the first ones of the range are used.
  std::int32_t at_most = std::numeric_limits<std::int32_t>::max();
  /// The run goes on without it where its source does not open.
  bool optional = false;
};

struct PairScores {
  std::vector<WindowScores> windows;  ///< in the order read
  bool stopped_early = false;
  std::optional<Stopped> stopped;  ///< where an interval decided
  std::string unavailable;         ///< why an optional candidate could not be run
  std::optional<KeptError> kept_error = std::nullopt;  ///< as in Measurement
};

struct PairRun {
  std::vector<PairScores> candidates;  ///< as given
  bool cancelled = false;
  std::int64_t windows_run = 0;  ///< passes of one window through one model, the measure of cost
};

/// What is read, and for how long.
struct Reading {
  const TextWindows& text;
  std::int32_t begin = 0;  ///< windows order[begin, end) of the text
  std::int32_t end = 0;
  StopRule rule = {};
  std::int32_t threads = 1;  ///< of the score kernel
  /// The original's windows that are kept, and where new ones go. Null: it runs beside the
  /// candidates, and every figure is exact.
  Reference* kept = nullptr;
  /// So many windows the original reads before a candidate is opened, and the two are never open at
  /// the same time; 0: both are. Needs `kept`.
  std::int32_t original_ahead = 0;
};

/// Every candidate is paired with the same windows of the baseline. A candidate stops and frees its
/// context when its rule is decided or all its windows are done; the baseline stops with the
/// last candidate. Errors: those of the sources; EVAL-010 not as many logits as were asked for,
/// EVAL-011 a candidate whose vocabulary size differs from the baseline's.
[[nodiscard]] Result<PairRun> score_pairs(SourceMaker& baseline,
                                          std::span<const Candidate> candidates,
                                          const Reading& reading, WindowStore& store,
                                          Progress& progress);

}  // namespace qualm::evaluate
