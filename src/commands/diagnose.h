// `qualm diagnose`: one candidate, with or without its original.
#pragma once

#include <functional>

#include "diagnose/facts.h"
#include "evaluate/score_pairs.h"
#include "experiment/experiment.h"
#include "job/outcome.h"
#include "job/request.h"
#include "report/report.h"

namespace qualm::commands {

/// A candidate that was diagnosed, while its experiment can still measure.
struct Diagnosed {
  const diagnose::Facts& facts;
  experiment::Experiment* experiment;  ///< null where nothing can be run
  const report::DiagnoseReport& report;
};
using Afterwards = std::function<Result<void>(const Diagnosed&)>;

/// Runs libllama in this process: call it from a job process only. `then` is called at the end.
[[nodiscard]] Result<job::Outcome> diagnose(const job::Request& request,
                                            const experiment::Stores& stores, Progress& progress,
                                            const Afterwards& then = {});

}  // namespace qualm::commands
