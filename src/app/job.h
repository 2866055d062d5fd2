// Jobs are processes: libllama runs in a child, so that what kills it does not kill the answer.
#pragma once

#include <string>

#include "app/request.h"
#include "app/use_case.h"
#include "base/error.h"
#include "base/progress.h"

namespace qualm::app {

/// Runs `program job` with the request on its stdin and hands its events on. Ctrl-C reaches the
/// child, which returns what it has; a second one kills it. Errors: the job's own; JOB-001 the job
/// ended without an answer, with what it was doing, why it died and its last words; JOB-002 stopped
/// on request before there was anything to show.
[[nodiscard]] Result<Outcome> run_job(const Request& request, Progress& progress,
                                      const std::string& program = "/proc/self/exe");

/// The child's side, `qualm job`: a Request on stdin (its JSON as CBOR), events on stdout. What
/// libraries print goes to stderr. Returns the exit code, 0 whenever an answer was sent.
[[nodiscard]] int serve_job();

}  // namespace qualm::app
