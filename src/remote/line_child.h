// A program that is told lines on its stdin and answers with lines on its stdout.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "remote/http.h"

namespace qualm::remote {

/// The words of a command, as a shell splits it: at spaces; quotes ('...', "...") and backslashes
/// keep what they hold. Nothing else means anything. REMOTE-023: no word, or a quote is open.
[[nodiscard]] Result<std::vector<std::string>> split_command(const std::string& command);

/// One thread at a time. It is killed with what it has started when this ends.
class LineChild {
 public:
  /// No shell is involved. REMOTE-023: it does not start.
  [[nodiscard]] static Result<std::unique_ptr<LineChild>> start(const std::string& command,
                                                                const HttpLimits& limits);
  ~LineChild();
  LineChild(const LineChild&) = delete;
  LineChild& operator=(const LineChild&) = delete;

  /// Says a line, and waits for the next one; an empty one is not said. Errors: REMOTE-024 it
  /// ended, with the last lines of its stderr; or it said nothing for so long; or its line is too
  /// long.
  [[nodiscard]] Result<std::string> ask(const std::string& line);

 private:
  LineChild(std::string command, const HttpLimits& limits)
      : command_(std::move(command)), limits_(limits) {}
  [[nodiscard]] int spawn(std::vector<std::string> words);
  [[nodiscard]] bool turn(std::string_view& to_say);
  bool take_error();
  [[nodiscard]] Error ended();

  std::string command_;
  HttpLimits limits_;
  pid_t pid_ = -1;
  int channel_ = -1;  ///< its stdin and stdout
  int errors_ = -1;   ///< its stderr
  std::string heard_;
  std::string words_;  ///< the last ones of its stderr
};

}  // namespace qualm::remote
