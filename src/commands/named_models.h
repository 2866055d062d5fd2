// Models given by the name that another program has for them.
#pragma once

#include <vector>

#include "base/error.h"
#include "job/request.h"
#include "locate/environment.h"
#include "report/report.h"

namespace qualm::commands {

/// Every name of a model in the request (hf:, ollama:, lms:) becomes the path of its file. Of a
/// diagnosis, the sampling that Ollama uses becomes that of the request, where the user gave none.
/// What was named, in the order of the request, with what there is to know. With --as-run the model
/// becomes the server that runs it. Errors: LOCATE-*, JSON-*, REMOTE-022.
[[nodiscard]] Result<std::vector<report::NamedModel>> resolve_names(
    job::Request& request, const locate::Environment& environment);

}  // namespace qualm::commands
