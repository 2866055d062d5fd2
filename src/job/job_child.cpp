// `qualm job`: the process in which libllama runs.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/platform.h"
#include "job/events.h"
#include "job/interrupt.h"
#include "job/job.h"

namespace qualm::job {
namespace {

std::string read_stdin() {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

/// The last door: libraries throw, and memory runs out. The watcher gets an answer all the same.
Result<Outcome> answer(const Command& command, EventWriter& events) {
  try {
    QUALM_TRY(const Request request,
              request_from_json(nlohmann::json::from_cbor(read_stdin(), true, false)));
    return command(request, events);
  } catch (const std::bad_alloc&) {
    return fail({Kind::engine, "JOB-003", "", "", "memory for the next step", "none left",
                 "Close other programs, or take a smaller -c or -b."});
  } catch (const std::exception& thrown) {
    return fail({Kind::engine, "JOB-004", "", "", "no exception", thrown.what(),
                 "This is a fault of qualm: please report it."});
  }
}

}  // namespace

int serve_job(const Command& command) {
  stop_with_parent();  // a job whose watcher is gone stops, its windows saved
  // An abort of ggml's would start a debugger, whose words would push out ggml's own.
  ::setenv("GGML_NO_BACKTRACE", "1", 0);
  catch_interrupts();
  end_soon_on_term();
  const int out = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  EventWriter events(out);
  events.finish(answer(command, events));
  return 0;
}

}  // namespace qualm::job
