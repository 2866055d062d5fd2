#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/platform.h"
#include "cli/options.h"
#include "cli/progress_bar.h"
#include "cli/run_command.h"
#include "cli/serve_command.h"
#include "commands/bundled.h"
#include "commands/commands.h"
#include "commands/named_models.h"
#include "job/interrupt.h"
#include "job/job.h"
#include "report/document.h"
#include "report/explain.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/render.h"

namespace qualm::cli {
namespace {

/// Columns of the terminal behind the descriptor, or 100.
int width_of(int descriptor) {
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? std::clamp<int>(size.ws_col, 60, 140) : 100;
}

/// https://no-color.org: set and not empty means none.
bool colour_wanted(const Options& options) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return options.output.empty() && ::isatty(STDOUT_FILENO) != 0 && !(no_color && *no_color) &&
         !(term && std::string_view(term) == "dumb");
}

std::string render(const nlohmann::ordered_json& document, const Options& options) {
  switch (options.format) {
    case Format::json:
      return report::json(document);
    case Format::markdown:
      return report::markdown(document, options.verbose);
    case Format::html:
      return report::html(document);
    case Format::junit:
      return report::junit(document);
    case Format::text:
      break;
  }
  std::string text =
      report::text(document, {colour_wanted(options), width_of(STDOUT_FILENO), options.verbose});
  if (options.explain)
    text += "\n" + report::explain_words_of(
                       report::text(document, {.width = 0, .verbose = options.verbose}));
  return text;
}

Result<void> deliver(const std::string& report, const Options& options) {
  if (!options.output.empty()) return write_file(options.output, report);
  const bool written = std::fwrite(report.data(), 1, report.size(), stdout) == report.size();
  if (written && std::fflush(stdout) == 0) return {};
  return fail({Kind::input, "FILE-011", "standard output", "", "to write the report",
               "it takes no more bytes", "Free some space, or use -o."});
}

Result<job::Outcome> run(const Options& options, const std::string& program, Progress& progress) {
  // inspect and compare read files with our own readers and decoders alone: nothing there that
  // could take the process down.
  if (options.request.command == "inspect") return commands::inspect(options.request, progress);
  if (options.request.command == "compare") return commands::compare(options.request, progress);
  if (options.request.command == "merge") return commands::merge(options.request);
  if (options.request.command == "models") return commands::models(locate::environment(), progress);
  return job::run_job(options.request, progress, program);
}

/// Names of models become paths before anything reads them; the report says what they stand for.
Result<job::Outcome> run_named(Options& options, const std::string& program, Progress& progress) {
  QUALM_TRY(const auto named, commands::resolve_names(options.request, locate::environment()));
  auto outcome = run(options, program, progress);
  if (outcome) report::add_names(named, outcome->document);
  return outcome;
}

/// A stream that takes no more bytes is no reason to end otherwise (fmt::print would throw).
void print(std::FILE* stream, const std::string& text) {
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

int say(const Error& error) {
  print(stderr, describe(error) + "\n");
  return exit_code(error.kind);
}

/// On stderr, and as a document where a script asked for one or a file waits for it.
int end_with(const Error& error, const Options& options) {
  const int code = say(error);
  const bool for_people = options.format == Format::text || options.format == Format::markdown;
  if (for_people && options.output.empty()) return code;
  const auto document = report::to_json(report::ErrorReport{{}, options.request.command, error});
  const auto delivered = deliver(render(document, options), options);
  return delivered ? code : say(delivered.error());
}

int main(int argc, const char* const* argv) {
  auto said = parse(argc, argv);
  if (const auto* leave = std::get_if<Leave>(&said)) {
    if (leave->error) return end_with(*leave->error, leave->options);
    print(stdout, leave->text);
    return 0;
  }
  auto& options = std::get<Options>(said);
  if (options.request.command == "job") return job::serve_job(run_in_job);
  job::catch_interrupts();
  if (options.request.command == "serve") {
    const std::string program = program_path(argv[0]);
    commands::look_for_data_beside(program);
    const auto served = serve(options.serving, program);
    return served ? 0 : say(served.error());
  }
  if (!options.output.empty())
    if (const auto writable = check_writable(options.output); !writable)
      return say(writable.error());

  ProgressBar progress(options.quiet, ::isatty(STDERR_FILENO) != 0, width_of(STDERR_FILENO));
  const std::string program = program_path(argv[0]);
  commands::look_for_data_beside(program);
  const auto outcome = run_named(options, program, progress);
  progress.clear();
  if (!outcome) return end_with(outcome.error(), options);
  const auto delivered = deliver(render(outcome->document, options), options);
  return delivered ? outcome->exit_code : say(delivered.error());
}

}  // namespace
}  // namespace qualm::cli

int main(int argc, char** argv) { return qualm::cli::main(argc, argv); }
