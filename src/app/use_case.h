// The commands: a Request in, a report document and an exit code out.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "app/request.h"
#include "base/error.h"
#include "base/progress.h"
#include "diagnose/case.h"
#include "evaluate/score_pairs.h"
#include "report/report.h"

namespace qualm::app {

struct Outcome {
  nlohmann::ordered_json document;
  int exit_code = 0;
};

/// Runs libllama in this process: call it from a job process only.
[[nodiscard]] Result<Outcome> measure(const Request& request, evaluate::WindowStore& store,
                                      Progress& progress);
/// Called once a patient is diagnosed, while its Lab can still measure.
using Afterwards =
    std::function<Result<void>(diagnose::Case& examined, const report::DiagnoseReport& report)>;
[[nodiscard]] Result<Outcome> diagnose(const Request& request, evaluate::WindowStore& store,
                                       Progress& progress, const Afterwards& then = {});

/// Exit code 1 where a finding is not the truth.
[[nodiscard]] Result<Outcome> demo(const Request& request, evaluate::WindowStore& store,
                                   Progress& progress);

/// Exit code 1 where a patient is wrong, 3 where none could be made.
[[nodiscard]] Result<Outcome> clinic(const Request& request, evaluate::WindowStore& store,
                                     Progress& progress);

/// Reads files only.
[[nodiscard]] Result<Outcome> inspect(const Request& request, Progress& progress);
[[nodiscard]] Result<Outcome> compare(const Request& request, Progress& progress);

}  // namespace qualm::app
