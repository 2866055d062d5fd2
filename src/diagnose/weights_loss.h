// What the candidate's weights lose by themselves, and the answers to the three questions about it.
//
// Kernels for quantized weights round what the weights are multiplied with too: where the loss is
// small, much of it is theirs, and would be another figure on another device. There the weights
// are decoded to floats and run once more, and judged by that.
#pragma once

#include <optional>

#include "diagnose/facts.h"
#include "diagnose/finding.h"
#include "diagnose/wanted.h"

namespace qualm::diagnose {

struct WeightsLoss {
  const evaluate::Measurement* as_run = nullptr;  ///< with an F16 cache, on the selection windows
  /// By which it is judged: as run, or decoded, then on the first kForRuntime windows.
  const evaluate::Measurement* judged = nullptr;
  const evaluate::Measurement* floor = nullptr;  ///< the original as kFloorType, as run: floor_for
  /// Beside a pack, where the loss is over the line and its type does not explain it: KLD over what
  /// rounding by the steps in the file costs as a rule. An estimate.
  std::optional<numeric::Estimate> over_steps;
  Loss loss;
  [[nodiscard]] bool decoded() const noexcept { return judged != as_run; }
};

/// Precondition: facts.paired().
[[nodiscard]] Known<WeightsLoss> weights_loss(const Facts& facts);

/// They lose no more than nine of ten files with such steps do.
[[nodiscard]] inline bool as_its_steps(const WeightsLoss& found) noexcept {
  return found.over_steps && found.over_steps->low <= 1;
}

/// Their bits explain what they lose: by their types, or by the steps in the file. Not where they
/// guess the text better than the original does: no rounding makes that.
[[nodiscard]] bool explained_by_bits(const WeightsLoss& found);

/// They lose certainly more than is acceptable, or certainly more than their type should cost.
[[nodiscard]] inline bool too_much(const Loss& loss) noexcept {
  return loss.line == Side::above || loss.excessive == Side::above;
}

}  // namespace qualm::diagnose
