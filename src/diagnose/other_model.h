// Whose weights the candidate's are: what several checks must know before they blame its bits.
#pragma once

#include "diagnose/facts.h"

namespace qualm::diagnose {

/// The weights are certainly not a quantization of the original: by what they are, or because they
/// lose too much and hold what no rounding of the original leaves. False without an original.
[[nodiscard]] Known<bool> of_another_model(const Facts& facts);

/// Sets the finding to cannot_tell. The weights are another model's: how they differ says nothing
/// about a class or a calibration.
void not_attributable(Finding& finding);

/// What the origin of the weights says by itself: cleared, cause or cannot_tell. Precondition: it
/// was read.
[[nodiscard]] Status status_of(const Facts& facts);

}  // namespace qualm::diagnose
