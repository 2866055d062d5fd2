// What the rotary embedding's keys of a file say that its model cannot mean: a converter left them
// out, and the runtime's defaults are used.
#pragma once

#include <vector>

#include "model/anatomy.h"

namespace qualm::model {

/// Empty where there is nothing to say. Only where no known model is so.
[[nodiscard]] std::vector<Risk> rope_risks(const Checkpoint& checkpoint);

}  // namespace qualm::model
