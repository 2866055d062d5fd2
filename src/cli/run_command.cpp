#include "cli/run_command.h"

#include "clinic/clinic.h"
#include "commands/commands.h"
#include "commands/diagnose.h"
#include "experiment/store.h"

namespace qualm::cli {

Result<job::Outcome> run_in_job(const job::Request& request, Progress& progress) {
  if (request.command == "repair") return commands::repair(request);
  // A window that is looked up takes no time, and would say nothing of how long others take.
  const bool saved = request.use_cache && !request.plan_only;
  const auto store = experiment::open_store(saved, progress);
  experiment::ReferenceStore references(
      experiment::open_references(saved, progress, request.cache_size << 20),
      request.reference_memory << 20);
  const experiment::Stores stores{*store, &references};
  if (request.command == "measure") return commands::measure(request, stores, progress);
  if (request.command == "diagnose") return commands::diagnose(request, stores, progress);
  if (request.command == "reference") return commands::reference(request, stores, progress);
  if (request.command == "demo") return commands::demo(request, stores, progress);
  if (request.command == "clinic") return clinic::clinic(request, stores, progress);
  return fail({Kind::input, "REQUEST-001", "", "command",
               "measure, diagnose, reference, demo, clinic or repair", request.command,
               "`qualm job` is for qualm's own use."});
}

}  // namespace qualm::cli
