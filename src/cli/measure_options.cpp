// The options of measure and merge.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/error.h"
#include "cli/option_groups.h"
#include "commands/pick.h"

namespace qualm::cli {
namespace {

/// What is asked of the figures, by measure and by merge.
void add_asked(CLI::App& command, job::Request& request) {
  named(command.add_option(
            "--fail-if", request.fail_if,
            "exit code 1 if this is true of the whole interval; may be given several times"),
        kOutput, "CONDITION")
      ->take_all();
  named(command.add_option("--pick", request.pick,
                           fmt::format("the limit for the choice among several models, for example "
                                       "'kld_mean<0.05' (default: {})",
                                       commands::default_limit().text)),
        kOutput, "CONDITION");
  add_memory(command, request);
}

/// "0:64": windows 0 to 63.
CLI::Validator window_range(evaluate::WindowRange& range) {
  return {[&range](const std::string& word) {
            const char* const last = word.data() + word.size();
            const auto [colon, first] = std::from_chars(word.data(), last, range.begin);
            const bool two = first == std::errc() && colon != last && *colon == ':';
            const auto [end, second] = std::from_chars(two ? colon + 1 : last, last, range.end);
            if (two && second == std::errc() && end == last && range.begin >= 0 &&
                range.begin < range.end)
              return std::string();
            return fmt::format(
                "expected FIRST:END with FIRST < END, for example 0:64 for the "
                "first 64 windows, found \"{}\"",
                printable(word));
          },
          ""};
}

void add_windows(CLI::App& command, job::Request& request) {
  named(command.add_option("--windows",
                           "read windows FIRST to END-1 of the text, all of them: for a run that "
                           "several machines share (qualm merge)"),
        kText, "FIRST:END")
      ->check(window_range(request.windows));
}

}  // namespace

void add_measure(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command = app.add_subcommand(
      "measure", "perplexity, KLD and same top token, compared with the original");
  named(command->add_option("MODEL", request.models,
                            "one or more quantized models, measured one by one"),
        kModel, "FILE")
      ->required()
      ->take_all();
  named(command->add_option("--baseline", request.baseline, "the original they are compared with"),
        kModel, "FILE");
  add_pack(*command, request);
  add_text(*command, request);
  add_windows(*command, request);
  add_run_as(*command, request);
  command
      ->add_flag("--kv", request.kv_grid,
                 "also measure combinations of K and V cache types, with the same weights")
      ->group(kRunAs);
  add_server(*command, request);
  add_asked(*command, request);
  named(command->add_option("--positions", request.positions,
                            "also write the scores of every position: with them `qualm merge` "
                            "tells percentiles"),
        kOutput, "FILE");
  add_output(*command, parser.options);
}

void add_merge(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command = app.add_subcommand(
      "merge",
      "make one report of the reports of several `qualm measure` runs, such as those of "
      "several machines; runs nothing");
  named(command->add_option("REPORT", request.merge.reports,
                            "reports of `qualm measure --format json`: other windows of the same "
                            "text, or other candidates of the same original"),
        kModel, "FILE")
      ->required()
      ->take_all();
  named(command->add_option("--positions", request.merge.positions,
                            "the files that these runs wrote with --positions; may be given "
                            "several times"),
        kModel, "FILE")
      ->take_all();
  add_asked(*command, request);
  add_output(*command, parser.options);
}

}  // namespace qualm::cli
