// What jobs have said so far, for streams that begin late, and for those that wait for more.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "serve/message.h"

namespace qualm::serve {

/// An event as text/event-stream has it: "id: 3\nevent: note\ndata: {...}\n\n". The name of the
/// event is not repeated in its data.
[[nodiscard]] std::string as_stream(std::int64_t number, const nlohmann::ordered_json& event);

/// All calls may come from any thread.
class EventLog {
 public:
  static constexpr std::size_t kMostEvents = 1000;  ///< of a job; the oldest go first
  static constexpr std::size_t kMostJobs = 16;      ///< that have ended and are still known

  /// Called after every change, by the thread that made it.
  explicit EventLog(std::function<void()> on_news = {}) : on_news_(std::move(on_news)) {}

  /// A run begins: what an earlier run said is forgotten, its numbers are not used again.
  void begin(const std::string& job);
  /// Of progress, step, answers, so_far and plan only the last is kept.
  void publish(const std::string& job, const nlohmann::ordered_json& event);
  void end(const std::string& job);
  void forget(const std::string& job);

  [[nodiscard]] bool knows(const std::string& job) const;
  /// Everything after the event of that number; a number that was never given counts as 0.
  [[nodiscard]] EventChunk after(const std::string& job, std::int64_t number) const;

 private:
  struct Kept {
    std::int64_t number;
    std::string name;
    std::string text;
  };
  struct Log {
    std::deque<Kept> events;
    std::int64_t next = 1;
    std::int64_t ended = 0;  ///< in which order; 0: not yet
  };
  void drop_oldest();

  std::function<void()> on_news_;
  mutable std::mutex mutex_;
  std::map<std::string, Log> logs_;
  std::int64_t endings_ = 0;
};

}  // namespace qualm::serve
