// What a job process says to whoever watches it: one JSON object per line.
//
//   {"event":"progress","step":"measuring tiny-Q2_K.gguf","done":16,"total":245}
//   {"event":"step","number":3,"count":7,"seconds_after":41.5}
//   {"event":"note","line":"..."}
//   {"event":"plan","text":"..."}
//   {"event":"so_far","text":"..."}
//   {"event":"answers","answers":[{"id":"tier","title":"...","status":"cause","says":"...",
//     "likely":false}]}
//   {"event":"result","exit_code":1,"document":{...}}
//   {"event":"error","error":{"kind":"input","code":"GGUF-012",...}}
//
// seconds_after: estimated time of the steps after this one; negative: not known.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/progress.h"
#include "job/outcome.h"

namespace qualm::job {

/// The members of Error by name; its kind as "input", "undecided", "engine" or "cancelled".
[[nodiscard]] nlohmann::ordered_json error_to_json(const Error& error);

/// The job's end: a Progress that writes events to a file descriptor. A reader that is gone is no
/// error.
class EventWriter final : public Progress {
 public:
  explicit EventWriter(int descriptor) : descriptor_(descriptor) {}
  /// At most ten a second of the same step; the first and the last of a step always.
  void update(std::string_view step, std::int64_t done, std::int64_t total) override;
  void begin(const Step& step) override;
  void note(std::string_view line) override;
  void news(News kind, std::string_view text) override;
  void answers(std::span<const Answer> all) override;
  [[nodiscard]] bool cancelled() const override;
  void finish(const Result<Outcome>& result);

 private:
  void send(const nlohmann::ordered_json& event);

  int descriptor_;
  std::string step_;
  std::chrono::steady_clock::time_point sent_;
};

/// Told every event that is not the end of the job, as it came: also one that Progress has no word
/// for.
using Heard = std::function<void(const nlohmann::ordered_json& event)>;

/// The watcher's end: feeds progress and notes on, keeps how it ended.
class EventReader {
 public:
  explicit EventReader(Progress& progress, Heard heard = {})
      : progress_(progress), heard_(std::move(heard)) {}
  /// Whatever came through the pipe; lines may come in pieces.
  void feed(std::string_view bytes);
  /// The result or error, once it was said.
  [[nodiscard]] std::optional<Result<Outcome>>& ending() noexcept { return ending_; }
  /// What the job was doing when it was last heard of.
  [[nodiscard]] const std::string& step() const noexcept { return step_; }

 private:
  void take(const std::string& line);

  Progress& progress_;
  Heard heard_;
  std::string pending_;
  std::string step_;
  std::optional<Result<Outcome>> ending_;
};

}  // namespace qualm::job
