#include "cli/serve_command.h"

#include <fmt/format.h>
#include <poll.h>

#include <cstdio>

#include "base/progress.h"
#include "commands/commands.h"
#include "job/interrupt.h"
#include "locate/environment.h"
#include "report/html.h"
#include "serve/server.h"

namespace qualm::cli {
namespace {

Result<serve::Json> list_models() {
  Progress nobody;
  QUALM_TRY(job::Outcome outcome, commands::models(locate::environment(), nobody));
  return std::move(outcome.document);
}

void say_at_once(std::FILE* stream, const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
  std::fflush(stream);
}

}  // namespace

Result<void> serve(const Serving& serving, const std::string& program) {
  const auto environment = locate::environment();
  QUALM_TRY(const auto server,
            serve::Server::start({.port = serving.port,
                                  .root = serving.root,
                                  .host = serving.host,
                                  .token = serving.token,
                                  .history = serve::state_folder() + "/history.sqlite",
                                  .environment = environment,
                                  .made = {.page = std::string(report::empty_page()),
                                           .html = report::html,
                                           .models = list_models},
                                  .runner = serve::job_runner(program, environment),
                                  .note = [](const std::string& line) {
                                    say_at_once(stderr, "note: " + line + "\n");
                                  }}));
  say_at_once(stdout,
              fmt::format("{}\nOpen this address in a browser. Ctrl-C ends the server; a job that "
                          "runs can be resumed later.\n",
                          server->url()));
  constexpr int kMilliseconds = 200;
  while (job::interrupts() == 0) ::poll(nullptr, 0, kMilliseconds);
  return {};
}

}  // namespace qualm::cli
