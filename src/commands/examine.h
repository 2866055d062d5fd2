// Finds out what a diagnosis wants to know, until it answers.
#pragma once

#include <functional>
#include <vector>

#include "base/progress.h"
#include "commands/outlook.h"
#include "diagnose/diagnose.h"
#include "experiment/experiment.h"
#include "probe/symptom.h"

namespace qualm::commands {

/// Writes texts for the facts so far.
using TextWriter = std::function<Result<std::vector<probe::Symptom>>(const diagnose::Facts&)>;

/// `experiment` may be null where facts.texts is empty: then nothing is wanted. What does not fit
/// into the budget is left out, and facts.left_out names it. Errors: those of the experiment and
/// the writer.
[[nodiscard]] Result<diagnose::Diagnosis> examine(diagnose::Facts& facts,
                                                  experiment::Experiment* experiment,
                                                  const TextWriter& write, Progress& progress,
                                                  Budget budget = {});

}  // namespace qualm::commands
