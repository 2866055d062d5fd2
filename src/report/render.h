// Documents to bytes. A renderer formats and computes nothing: each figure it shows is in the
// document.
//
// Any JSON value is accepted, also one that is no report: what is missing is shown as missing. Text
// that came from a file has control characters escaped, in Markdown also whatever would be markup.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace qualm::report {

struct TextStyle {
  bool colour = false;  ///< ANSI escapes around status words
  int width = 100;      ///< columns to fit into; 0: as wide as it wants to be
  bool verbose =
      false;  ///< the evidence of each check, the buckets and percentiles of each candidate
};

/// For a terminal or a pipe. Commands to paste are never broken, and may exceed the width.
[[nodiscard]] std::string text(const nlohmann::ordered_json& document, TextStyle style);

/// GitHub-flavoured Markdown.
[[nodiscard]] std::string markdown(const nlohmann::ordered_json& document, bool verbose = false);

/// The document itself, indented by two spaces, with a final newline.
[[nodiscard]] std::string json(const nlohmann::ordered_json& document);

}  // namespace qualm::report
