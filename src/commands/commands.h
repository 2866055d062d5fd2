// The commands: a Request in, a report document and an exit code out.
#pragma once

#include "base/error.h"
#include "base/progress.h"
#include "experiment/reference_store.h"
#include "job/outcome.h"
#include "job/request.h"
#include "locate/environment.h"

namespace qualm::commands {

/// Runs libllama in this process, like diagnose (diagnose.h): call it from a job process only.
[[nodiscard]] Result<job::Outcome> measure(const job::Request& request,
                                           const experiment::Stores& stores, Progress& progress);

/// Diagnoses the bundled model, made worse in known ways. Exit code 1 where a finding is wrong.
[[nodiscard]] Result<job::Outcome> demo(const job::Request& request,
                                        const experiment::Stores& stores, Progress& progress);

/// Runs the original and writes what it says into a reference pack: from a job process only.
/// PACK-009; the errors of models, texts and writing.
[[nodiscard]] Result<job::Outcome> reference(const job::Request& request,
                                             const experiment::Stores& stores, Progress& progress);

/// Writes a GGUF with other keys, and loads it with libllama: from a job process only. REPAIR-*.
[[nodiscard]] Result<job::Outcome> repair(const job::Request& request);

/// Read files only.
[[nodiscard]] Result<job::Outcome> inspect(const job::Request& request, Progress& progress);
[[nodiscard]] Result<job::Outcome> compare(const job::Request& request, Progress& progress);

/// Reports of `qualm measure` as one. MERGE-*, POSITIONS-*.
[[nodiscard]] Result<job::Outcome> merge(const job::Request& request);

/// Lists the models that other programs keep on this machine. MODELS-001: stopped.
[[nodiscard]] Result<job::Outcome> models(const locate::Environment& environment,
                                          Progress& progress);

}  // namespace qualm::commands
