// The command line: what may be said, and what was said.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "job/request.h"

namespace qualm::cli {

enum class Format { text, json, markdown, html, junit };

/// What `qualm serve` was told.
struct Serving {
  int port = 8093;
  std::string root = ".";
  std::string host;   ///< empty: this machine alone
  std::string token;  ///< empty: a random one
};

/// Everything that was said on the command line.
struct Options {
  job::Request request;  ///< .command: any but explain
  Format format = Format::text;
  std::string output;  ///< -o; empty: stdout
  bool quiet = false;
  bool verbose = false;
  bool explain = false;  ///< the words of the report are explained below it
  Serving serving = {};
};

/// What is answered without running anything: a text to print (help, version, an explanation), or
/// wrong usage (USAGE-001) with the command and where its report was to go, as far as they were
/// understood.
struct Leave {
  std::string text = {};
  std::optional<Error> error = {};
  Options options = {};
};
[[nodiscard]] std::variant<Options, Leave> parse(int argc, const char* const* argv);

}  // namespace qualm::cli
