// The symptom that needs no text to be written, a loss that grows with the position; and the one
// that the original shows as well.
#pragma once

#include "diagnose/facts.h"
#include "evaluate/measurement.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

/// kld in the last half of the windows' positions against that in the first half that was scored,
/// paired by window; settled by itself. `control` holds the first half's: a divergence has no other
/// control. What is lost evenly is lost to the weights; a quantized cache loses more the more it
/// holds.
[[nodiscard]] probe::Symptom long_context(const evaluate::Measurement& measurement);

/// What the user asked for, where the original shows it as often: quantization did not bring it.
/// Null where nothing was compared with the original, or where another figure of the same symptom
/// is worse than the original's.
[[nodiscard]] const probe::Symptom* shared_with_original(const Facts& facts);

}  // namespace qualm::diagnose
