// A stand-in for an original that is not there: the candidate's values plus noise of the size that
// rounding left in them.
//
// The original's weights lie around the candidate's, off by a rounding error whose size the file
// itself tells: its steps (step^2 / 12 in the mean square, times a factor of the type), or what a
// type without steps leaves of Gaussian weights. So KLD(surrogate || candidate) estimates
// KLD(original || candidate), to second order in the error (docs/method.md, Without the original).
//
// What it cannot show: another model's weights, damage, a calibration on other text. Perplexity:
// the surrogate predicts worse than the candidate does, the original better.
#pragma once

#include <cstdint>
#include <string>

#include "model/checkpoint.h"
#include "numeric/estimate.h"

namespace qualm::weights {

/// Part of the cache key of whatever ran a surrogate. Raise it with every change of the noise.
inline constexpr int kSurrogateVersion = 2;

/// An importance matrix was used where quantize.imatrix.* says so, or a type that needs one is
/// there.
[[nodiscard]] bool made_with_importance(const model::Checkpoint& candidate);

/// Why there is none: "all weights are floats", "the rounding error of EXL3 is not known here".
/// Empty where there is one.
[[nodiscard]] std::string no_surrogate(const model::Checkpoint& candidate);

/// KLD from the original over KLD from the surrogate, both of the candidate: median, and the range
/// that holds nine of ten. For files made with an importance matrix it is lower, for those of
/// packages that calibrate it is wide.
[[nodiscard]] numeric::Estimate truth_over_estimate(const model::Checkpoint& candidate);

/// What the trials behind that range did not have, as a noun phrase: "mixtures of experts that were
/// trained so". Empty where they had the like.
[[nodiscard]] std::string not_in_trials(const model::Checkpoint& candidate);

/// Each so many-th position is scored for an estimate, which may be off by more than positions
/// differ by. Not 1 where the head has more weights than all layers (a small model of many tokens):
/// there rows of logits take most of the time.
[[nodiscard]] std::int32_t stride_of_estimate(const model::Checkpoint& candidate);

/// The same metadata and tensors, quantized matrices as 16-bit floats: value + noise, nearly
/// Gaussian, independent from weight to weight, the same for the same draw. Floats stay as they
/// are.
/// Precondition: no_surrogate() is empty.
[[nodiscard]] model::Checkpoint surrogate_of(const model::Checkpoint& candidate,
                                             std::uint64_t draw);

}  // namespace qualm::weights
