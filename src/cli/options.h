// The command line: what may be said, and what was said.
#pragma once

#include <string>
#include <variant>

#include "job/request.h"

namespace qualm::cli {

enum class Format { text, json, markdown };

/// Everything that was said on the command line.
struct Options {
  job::Request request;  ///< .command: diagnose, measure, inspect, compare, demo, clinic, job
  Format format = Format::text;
  std::string output;  ///< -o; empty: stdout
  bool quiet = false;
  bool verbose = false;
};

/// Text to print and the exit code to leave with: help, version, an explanation, wrong usage
/// (USAGE-001).
struct Leave {
  std::string text;
  int exit_code = 0;
};
[[nodiscard]] std::variant<Options, Leave> parse(int argc, const char* const* argv);

}  // namespace qualm::cli
