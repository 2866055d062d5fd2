// The symptom that needs no text to be written: a loss that grows with the position.
#pragma once

#include "evaluate/measurement.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

/// kld in the last half of the windows' positions against that in the first half that was scored,
/// paired by window; settled by itself. `control` holds the first half's: a divergence has no other
/// control. What is lost evenly is lost to the weights; a quantized cache loses more the more it
/// holds.
[[nodiscard]] probe::Symptom long_context(const evaluate::Measurement& measurement);

}  // namespace qualm::diagnose
