// Static activation scales against the inputs that the text gives to the candidate's matrices.
//
// The file says how a runtime rounds the inputs, whatever the text is. qualm runs the weights
// alone, so the loss of that rounding is in none of its figures. What can be told is how far each
// scale reaches.
#pragma once

#include "diagnose/file_findings.h"

namespace qualm::diagnose {

/// Adds the evidence, and an open question where more than a few scales do not suit the text.
/// Nothing where the file has no such scales, or where nothing can be run.
[[nodiscard]] Known<void> add_static_scales(const Facts& facts, FileFindings& found);

}  // namespace qualm::diagnose
