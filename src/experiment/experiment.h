// The interface that commands/examine uses to measure what a diagnosis wants.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "evaluate/cross_check.h"
#include "evaluate/measurement.h"
#include "evaluate/noise_floor.h"
#include "evaluate/score_pairs.h"
#include "experiment/variant.h"
#include "model/importance.h"

namespace qualm::experiment {

/// Windows [begin, end) in the order in which the text is read.
struct WindowRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::size_t text = 0;  ///< index into Experiment::texts
  [[nodiscard]] std::int32_t count() const noexcept { return end - begin; }
};

/// A text of one kind: "prose", "code", or what the user calls it.
struct Domain {
  std::string name;
  std::int32_t windows = 0;
  bool given = false;           ///< by the user, not one that comes with qualm
  std::string path{};           ///< for commands to paste
  std::int32_t ctx_size = 512;  ///< tokens of a window
};

/// How many windows at the end of a text with `total` windows are kept for calibration.
[[nodiscard]] std::int32_t calibration_windows(std::int32_t total) noexcept;

class Experiment {
 public:
  virtual ~Experiment() = default;
  /// The text that the candidate is judged on first, then further domains.
  [[nodiscard]] virtual std::vector<Domain> texts() const = 0;
  /// Each variant against `reference` on the same windows; one Measurement per variant, summarized.
  /// Importance matrices use the last calibration_windows() windows of their text. `windows` must
  /// not contain any of them. Errors: those of the engine; `cancelled`
  /// where the user stopped it.
  [[nodiscard]] virtual Result<std::vector<evaluate::Measurement>> measure(
      const Variant& reference, std::span<const Variant> variants, WindowRange windows,
      const evaluate::StopRule& rule) = 0;
  /// Whether all tensors of the two hold the same bytes; absent where that cannot be told.
  [[nodiscard]] virtual Result<std::optional<bool>> same_weights(const Weights& a,
                                                                 const Weights& b) {
    static_cast<void>(a), static_cast<void>(b);
    return std::nullopt;
  }
  /// Whether the candidate's matrices have the types that llama-quantize's `type` gives this model.
  [[nodiscard]] virtual Result<bool> is_type(const std::string& type) {
    static_cast<void>(type);
    return false;
  }
  /// Original and candidate as run, each against itself, on the first windows of the first text.
  [[nodiscard]] virtual evaluate::NoiseFloor noise_floor() { return {}; }
  /// The same models, on the user's devices against the CPU.
  [[nodiscard]] virtual evaluate::CrossChecks cross_checks() { return {}; }
  /// What the candidate's matrices get as inputs on the first windows of the first text.
  [[nodiscard]] virtual Result<model::Importance> inputs(std::int32_t windows) {
    static_cast<void>(windows);
    return model::Importance{};
  }
  /// Bytes of the variant's model file.
  [[nodiscard]] virtual Result<std::int64_t> model_bytes(const Weights& weights) = 0;
  /// Bytes of a cache of these types at the context the user runs with; absent where they are not
  /// known.
  [[nodiscard]] virtual std::optional<std::int64_t> cache_bytes(
      const std::string& type_k, const std::string& type_v) const = 0;
};

}  // namespace qualm::experiment
