// Progress on stderr: one line that rewrites itself on a terminal, a line per step elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

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
  [[nodiscard]] bool cancelled() const override;
  /// Takes the line off the terminal.
  void clear();

 private:
  [[nodiscard]] std::string remaining(std::int64_t done, std::int64_t total) const;

  bool quiet_;
  bool terminal_;
  int width_;
  bool shown_ = false;
  bool on_top_ =
      false;      ///< the last line of the terminal, but for the bar, is what is known so far
  int told_ = 0;  ///< times that something so far was told
  Step whole_{1, 1, 0};  ///< a run of one step, where nobody says otherwise
  std::string step_;
  std::int64_t first_ = 0;  ///< units done when the step was first seen: a resumed run starts late
  std::chrono::steady_clock::time_point started_;
};

}  // namespace qualm::cli
