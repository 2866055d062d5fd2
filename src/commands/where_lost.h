// Where the loss of a diagnosis is, of what was measured for it and, where asked, a little more.
#pragma once

#include "base/error.h"
#include "commands/diagnose_session.h"
#include "report/report.h"

namespace qualm::commands {

/// By depth, confidence and text, of what is known; nothing is measured for it.
[[nodiscard]] report::WhereLost where_known(const diagnose::Facts& facts);

/// The same. With request.shown_windows also tensor by
/// tensor and token by token: reads the weights, and runs the models on the windows that are shown.
/// Errors: those of the engine and of reading weights.
[[nodiscard]] Result<report::WhereLost> where_lost(Session& session);

}  // namespace qualm::commands
