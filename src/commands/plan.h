// `qualm diagnose --plan`: what a diagnosis will read and how long that takes, without doing it.
#pragma once

#include "base/error.h"
#include "commands/diagnose_session.h"
#include "report/report.h"

namespace qualm::commands {

/// Reads one window with each of the two models, to know their pace. Precondition: the stores of
/// the session know no window. Errors: the engine's.
[[nodiscard]] Result<report::PlanReport> plan(Session& session);

}  // namespace qualm::commands
