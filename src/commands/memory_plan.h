// How a diagnosis is run within the memory there is: told before it is taken.
#pragma once

#include "base/progress.h"
#include "experiment/memory_need.h"
#include "experiment/model_file.h"
#include "job/request.h"
#include "report/report.h"

namespace qualm::commands {

struct MemoryPlan {
  experiment::Hold hold = experiment::Hold::all;
  bool second_copies = true;    ///< engine::Settings
  std::int64_t references = 0;  ///< bytes that what is kept of the original may take in memory
  report::MemoryUse use{};
};

/// One model at a time where all do not fit into the free memory, and without second copies of
/// matrices where the user asks for it or one does not fit with them. Notes what is needed.
/// MEMORY-001: even one at a time does not fit.
[[nodiscard]] Result<MemoryPlan> plan_memory(const job::Request& request,
                                             const experiment::OpenedModel& candidate,
                                             const experiment::OpenedModel* original,
                                             Progress& progress);

}  // namespace qualm::commands
