// A text as windows that models are measured on, one against another.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assemble/image.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "evaluate/asked.h"
#include "evaluate/cross_check.h"
#include "evaluate/measurement.h"
#include "evaluate/score_pairs.h"
#include "evaluate/text_windows.h"
#include "evaluate/token_tops.h"
#include "experiment/experiment.h"
#include "experiment/known_results.h"
#include "experiment/reference_store.h"
#include "numeric/estimate.h"

namespace qualm::experiment {

/// Something that can be run: a model, and how it is run.
struct ModelRun {
  std::string name;      ///< for progress and messages
  std::string identity;  ///< of the weights; with the settings it makes the cache key
  std::function<Result<std::shared_ptr<engine::Model>>()> load{};
  engine::Settings settings{};
  /// Upper limit for the number of windows; the first ones of the range are used.
  std::int32_t at_most = std::numeric_limits<std::int32_t>::max();
  bool optional = false;  ///< where it cannot be run its measurement says so, and the others go on
  /// In place of `load`: it is not run here but asked. Borrowed.
  evaluate::AskedCandidate* asked = nullptr;
};

/// Weights and all settings that can change a logit, for cache keys. Threads do not: ggml splits
/// rows, not sums.
[[nodiscard]] std::string run_identity(const std::string& weights,
                                       const engine::Settings& settings);

/// The same model with flash attention the other way round, for a few windows: its kld is the noise
/// floor of this machine. Measured beside candidates it costs no pass of the original.
[[nodiscard]] ModelRun noise_floor_run(const ModelRun& reference);

class MeasuredText {
 public:
  /// `windows` are cut by the reference's tokenizer. The stores and progress outlive this.
  MeasuredText(evaluate::TextWindows windows, std::string engine_version, Stores stores,
               Progress& progress);

  [[nodiscard]] const evaluate::TextWindows& windows() const noexcept { return windows_; }
  /// From now on only these windows of the text are read (evaluate::keep_range).
  [[nodiscard]] Result<void> keep_range(const evaluate::WindowRange& range) {
    return evaluate::keep_range(windows_, range);
  }
  /// Identifies the tokens and the scored positions in cache keys.
  [[nodiscard]] const std::string& identity() const noexcept { return identity_; }
  /// A reference runs once for each window, not beside each run.
  [[nodiscard]] bool keeps_references() const noexcept { return stores_.references != nullptr; }
  /// What is remembered of finished work.
  [[nodiscard]] evaluate::WindowStore& scores() const noexcept { return stores_.scores; }
  /// Identifies the windows that calibration may use: the last ones in reading order.
  [[nodiscard]] std::string calibration_identity() const;
  /// The last so many windows in reading order, one after the other.
  [[nodiscard]] std::vector<engine::Token> last_windows(std::int32_t count) const;
  [[nodiscard]] std::vector<engine::Token> first_windows(std::int32_t count) const;

  /// Each run against the reference, windows order[begin, end); one summarized Measurement each.
  /// One that is asked comes alone, needs keeps_references(), and is not remembered: servers
  /// change. After Ctrl-C the measurements hold what was finished, and say so.
  [[nodiscard]] Result<std::vector<evaluate::Measurement>> measure(const ModelRun& reference,
                                                                   std::span<const ModelRun> runs,
                                                                   std::int32_t begin,
                                                                   std::int32_t end,
                                                                   const evaluate::StopRule& rule);

  using TakeWindow = std::function<void(std::int32_t window, const evaluate::KeptWindow& kept)>;
  /// The reference's windows order[0, end), run where they are not known, one after the other.
  /// Needs keeps_references(). Errors: those of the engine; `cancelled`; PACK-009 one could neither
  /// be held nor saved.
  [[nodiscard]] Result<void> keep(const ModelRun& reference, std::int32_t end,
                                  const TakeWindow& take);
  /// Most likely tokens of a run at the scored positions of `windows` (indices in the text). Those
  /// that are kept are looked up. Errors: those of the engine; `cancelled`.
  [[nodiscard]] Result<evaluate::WindowTops> tops(const ModelRun& run,
                                                  std::span<const std::int32_t> windows);
  /// How far `thinned`, the part of the reference's windows that a pack holds, moves the KLD of a
  /// run: on the first windows by it, and with the reference beside. Needs keeps_references().
  /// Absent where no position could be scored. Errors: those of the engine; `cancelled`.
  [[nodiscard]] Result<std::optional<evaluate::KeptError>> thinning_error(
      ModelRun reference, const ModelRun& run, KeptWindows thinned) const;
  /// What is known from elsewhere (a reference pack) and is neither run nor saved: the reference's
  /// windows, by index of the window, and scores of runs against it. Needs keeps_references().
  void know(const ModelRun& reference, KeptWindows windows);
  void know(const ModelRun& reference, const ModelRun& run,
            std::span<const evaluate::WindowScores> scores);

  /// evaluate::floor_of noise_floor_run(reference), or why there is none. A quantized V cache needs
  /// flash attention: such a model is run with an F16 cache. Measured once for a model, its
  /// settings and its device, whatever the text: it is saved.
  [[nodiscard]] numeric::Metric noise_floor(ModelRun reference);
  [[nodiscard]] std::optional<numeric::Metric> known_noise_floor(const ModelRun& reference) const;
  /// Saves it, where it has an interval.
  void remember_noise_floor(const ModelRun& reference, const numeric::Metric& floor);

  /// One model run in two places, on as many windows as the noise floor.
  [[nodiscard]] evaluate::CrossCheck cross_check(const ModelRun& run, const ModelRun& on_cpu);

  [[nodiscard]] const std::string& engine_version() const noexcept { return engine_version_; }
  /// Windows that went through a model so far.
  [[nodiscard]] std::int64_t passes() const noexcept { return passes_; }

 private:
  [[nodiscard]] Result<evaluate::Measurement> ask(const ModelRun& reference, const ModelRun& run,
                                                  WindowRange windows,
                                                  const evaluate::StopRule& rule);
  [[nodiscard]] std::unique_ptr<evaluate::Reference> windows_of(const ModelRun& reference);
  [[nodiscard]] std::string key_of(const ModelRun& reference) const;
  [[nodiscard]] std::string key_of(const ModelRun& reference, const ModelRun& run) const;
  [[nodiscard]] std::string noise_floor_key(const ModelRun& reference) const;
  /// Windows order[begin, end), one after the other.
  [[nodiscard]] std::vector<engine::Token> in_order(std::int32_t begin, std::int32_t end) const;

  evaluate::TextWindows windows_;
  std::string identity_;
  std::string engine_version_;
  Stores stores_;
  Progress& progress_;
  std::int64_t passes_ = 0;
  std::map<std::string, KeptWindows> known_windows_;  ///< by key_of the reference
  KnownScores scores_;
};

}  // namespace qualm::experiment
