// Progress on stderr: on a terminal a table of the checks and a line that rewrite themselves, a
// line per step elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"

namespace qualm::cli {

class ProgressBar final : public Progress {
 public:
  /// `quiet`: notes only. Off a terminal, what is known so far is told kMostTold times.
  ProgressBar(bool quiet, bool terminal, int width)
      : quiet_(quiet), terminal_(terminal), width_(width) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() override { clear(); }

  void update(std::string_view step, std::int64_t done, std::int64_t total) override;
  void begin(const Step& step) override { whole_ = step; }
  void note(std::string_view line) override;
  void news(News kind, std::string_view text) override;
  void answers(std::span<const Answer> all) override;
  [[nodiscard]] bool cancelled() const override;
  /// Takes table and line off the terminal.
  void clear();

 private:
  /// The table of the checks, a row each; none where nothing was answered.
  [[nodiscard]] std::vector<std::string> table() const;
  /// What is on the terminal is replaced: table, what is known so far, the line of the step.
  void draw();
  [[nodiscard]] std::string remaining(std::int64_t done, std::int64_t total) const;

  bool quiet_;
  bool terminal_;
  int width_;
  std::size_t rows_ = 0;         ///< on the terminal now, the last one without its line end
  std::vector<Answer> answers_;  ///< of the run that goes on
  std::string so_far_;           ///< what is known so far
  std::string line_;             ///< of the step
  int told_ = 0;                 ///< times that something so far was told
  Step whole_{1, 1, 0};          ///< a run of one step, where nobody says otherwise
  std::string step_;
  std::int64_t first_ = 0;  ///< units done when the step was first seen: a resumed run starts late
  std::chrono::steady_clock::time_point started_;
};

}  // namespace qualm::cli
