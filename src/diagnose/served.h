// What a server adds to the loss of the file that it runs.
#pragma once

#include "diagnose/facts.h"

namespace qualm::diagnose {

/// Evidence of check 0; a fault where the server alone carries the loss over what is acceptable.
[[nodiscard]] Known<void> add_server(const Facts& facts, Finding& finding);

}  // namespace qualm::diagnose
