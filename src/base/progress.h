// Where long work reports to, and where it learns that the user wants to stop.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace qualm {

/// Where long work stands as a whole.
struct Step {
  std::int32_t number = 1;  ///< of the step that begins
  std::int32_t count = 1;   ///< steps of the whole
  /// What the steps after this one will take, by what was done so far: an estimate, negative where
  /// nothing is known yet.
  double seconds_after = -1;
};

/// What is told on the way and is no result: the plan of the whole, once; what is known so far.
enum class News { plan, so_far };

/// One of the questions of a long run, and what is known of its answer. Ids and statuses are those
/// of the report.
struct Answer {
  std::string id;
  std::string title;     ///< for people
  std::string status{};  ///< empty: open
  std::string says{};    ///< what is known, for people; may be empty
  bool likely = false;   ///< it rests on an estimate
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// Long-running functions call these from one thread. The default does nothing and never stops.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `step`: what is being done ("measuring tiny-Q2_K.gguf"), done of total units ("windows").
  virtual void update(std::string_view step, std::int64_t done, std::int64_t total) {
    static_cast<void>(step), static_cast<void>(done), static_cast<void>(total);
  }
  /// A step of the whole begins; updates are about it.
  virtual void begin(const Step& step) { static_cast<void>(step); }
  /// One line worth knowing that is not a result: a fallback taken, a feature not available.
  virtual void note(std::string_view line) { static_cast<void>(line); }
  /// `plan`: lines. `so_far`: one line, in place of the one before.
  virtual void news(News kind, std::string_view text) {
    static_cast<void>(kind), static_cast<void>(text);
  }
  /// All questions, in order: each time one of the answers changes.
  virtual void answers(std::span<const Answer> all) { static_cast<void>(all); }
  /// True after Ctrl-C: return what is finished as soon as possible.
  [[nodiscard]] virtual bool cancelled() const { return false; }
};

}  // namespace qualm
