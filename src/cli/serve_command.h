// `qualm serve`, from its options to its end.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/options.h"

namespace qualm::cli {

/// Prints where the page is, and serves until Ctrl-C or SIGTERM. `program`: what runs the jobs.
/// Errors: SERVE-001 to SERVE-007.
[[nodiscard]] Result<void> serve(const Serving& serving, const std::string& program);

}  // namespace qualm::cli
