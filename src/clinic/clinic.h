// `qualm clinic`: the diagnosis tested on models with known faults and on healthy ones.
#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "experiment/reference_store.h"
#include "job/outcome.h"
#include "job/request.h"

namespace qualm::clinic {

/// Exit code 1 where a case is wrong, 3 where none could be made.
[[nodiscard]] Result<job::Outcome> clinic(const job::Request& request,
                                          const experiment::Stores& stores, Progress& progress);

}  // namespace qualm::clinic
