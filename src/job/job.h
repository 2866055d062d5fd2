// Jobs are processes: libllama runs in a child, so that what kills it does not kill the answer.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "job/events.h"
#include "job/outcome.h"
#include "job/request.h"

namespace qualm::job {

/// What a job does: one of the commands that run libllama.
using Command = std::function<Result<Outcome>(const Request& request, Progress& progress)>;

/// The environment of the engine's process: this one's, and
/// - how long threads of OpenMP spin before they sleep. Without a limit a busy machine is several
///   times slower; with none at all small models are a tenth slower (docs/results/performance.md).
/// - one heap of glibc for all threads, and large blocks apart from it: what is kept of the
///   original is made by several threads and given back by one.
/// What the user has set (OMP_WAIT_POLICY, GOMP_SPINCOUNT, MALLOC_...) stays. It must be there
/// before the process starts: libraries read it when they are loaded.
[[nodiscard]] std::vector<std::string> job_environment();

/// Runs `program job` with the request on its stdin and hands its events on. Ctrl-C reaches the
/// child, which returns what it has; a second one kills it, and so do kGrace seconds after SIGTERM.
/// Errors: the job's own, among them JOB-003 out of memory and JOB-004 a library threw; JOB-001 the
/// job ended without an answer, with its step, signal or exit code, and last lines; JOB-002 stopped
/// on request before there was a result; JOB-006 it ended and a server of --rpc is gone; JOB-005
/// the program did not start.
[[nodiscard]] Result<Outcome> run_job(const Request& request, Progress& progress,
                                      const std::string& program);

/// Whoever follows a job without a terminal: several of them, and not by signals.
struct JobWatch {
  Heard heard;
  std::function<bool()> cancelled;  ///< asked ten times a second
};
/// The same, but Ctrl-C of this process means nothing: a job that is cancelled gets SIGTERM, which
/// ends it within kGrace seconds, and SIGKILL kPatience seconds later.
[[nodiscard]] Result<Outcome> run_job(const Request& request, const JobWatch& watch,
                                      const std::string& program);
inline constexpr int kPatience = 10;  ///< seconds

/// The child's side, `qualm job`: a Request on stdin (its JSON as CBOR), events on stdout. What
/// libraries print goes to stderr. Returns the exit code, 0 whenever an answer was sent.
[[nodiscard]] int serve_job(const Command& command);

}  // namespace qualm::job
