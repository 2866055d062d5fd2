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
  /// `quiet`: notes only.
  ProgressBar(bool quiet, bool terminal, int width)
      : quiet_(quiet), terminal_(terminal), width_(width) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() override { clear(); }

  void update(std::string_view step, std::int64_t done, std::int64_t total) override;
  void note(std::string_view line) override;
  [[nodiscard]] bool cancelled() const override;
  /// Takes the line off the terminal.
  void clear();

 private:
  [[nodiscard]] std::string remaining(std::int64_t done, std::int64_t total) const;

  bool quiet_;
  bool terminal_;
  int width_;
  bool shown_ = false;
  std::string step_;
  std::int64_t begin_ = 0;  ///< units done when the step was first seen: a resumed run starts late
  std::chrono::steady_clock::time_point started_;
};

}  // namespace qualm::cli
