// The commands by name.
#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "job/outcome.h"
#include "job/request.h"

namespace qualm::cli {

/// Runs libllama in this process: for the job process only.
[[nodiscard]] Result<job::Outcome> run_in_job(const job::Request& request, Progress& progress);

}  // namespace qualm::cli
