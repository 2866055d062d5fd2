// The command line: what may be said, and what was said.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "job/request.h"

namespace qualm::cli {

enum class Format { text, json, markdown };

/// Everything that was said on the command line.
struct Options {
  job::Request request;  ///< .command: diagnose, measure, inspect, compare, demo, job
  Format format = Format::text;
  std::string output;  ///< -o; empty: stdout
  bool quiet = false;
  bool verbose = false;
};

/// Either options, or text to print and the exit code to leave with (--help, --version, wrong
/// usage).
struct Leave {
  std::string text;
  int exit_code = 0;
};
[[nodiscard]] std::variant<Options, Leave> parse(int argc, const char* const* argv);

}  // namespace qualm::cli
