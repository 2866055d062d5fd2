// The symptom that needs no text to be written, a loss that grows with the position; and the one
// that the original shows as well.
#pragma once

#include "diagnose/facts.h"
#include "evaluate/measurement.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

/// Compares the kld in the second half of a window with that in the first half (its scored
/// positions), paired by window. Sets the finding, uncorrected for other symptoms. `control` holds
/// the first half: there is no second model to compare a kld with. The loss of the weights is the
/// same at all positions; that of a quantized cache grows.
[[nodiscard]] probe::Symptom long_context(const evaluate::Measurement& measurement);

/// What the user asked for, where the original shows it as often: quantization did not bring it.
/// Null where nothing was compared with the original, or where another figure of the same symptom
/// is worse than the original's.
[[nodiscard]] const probe::Symptom* shared_with_original(const Facts& facts);

}  // namespace qualm::diagnose
