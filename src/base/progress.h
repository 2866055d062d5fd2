// Where long work reports to, and where it learns that the user wants to stop.
#pragma once

#include <cstdint>
#include <string_view>

namespace qualm {

/// Long-running functions call these from one thread. The default does nothing and never stops.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `step`: what is being done ("measuring tiny-Q2_K.gguf"), done of total units ("windows").
  virtual void update(std::string_view step, std::int64_t done, std::int64_t total) {
    static_cast<void>(step), static_cast<void>(done), static_cast<void>(total);
  }
  /// One line worth knowing that is not a result: a fallback taken, a feature not available.
  virtual void note(std::string_view line) { static_cast<void>(line); }
  /// True after Ctrl-C: return what is finished as soon as possible.
  [[nodiscard]] virtual bool cancelled() const { return false; }
};

}  // namespace qualm
