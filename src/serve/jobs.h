// The jobs: one runs, others wait, all are in the history.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "job/job.h"
#include "job/outcome.h"
#include "serve/event_log.h"
#include "serve/history.h"
#include "serve/places.h"
#include "serve/wish.h"

namespace qualm::serve {

/// Runs one job to its end, in the calling thread.
using Runner = std::function<Result<job::Outcome>(const job::Request&, const job::JobWatch&)>;

/// All calls may come from any thread.
class Jobs {
 public:
  static constexpr std::size_t kMostQueued = 50;

  Jobs(const Places& places, History& history, EventLog& events, Runner runner);
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  ~Jobs() { stop(); }

  /// The id. SERVE-011 to SERVE-013 for paths, SERVE-020 too many wait; SERVE-006 no random id.
  [[nodiscard]] Result<std::string> create(const Wish& wish);
  /// Of one that waits or runs. SERVE-017 no such job, SERVE-018 it has ended.
  [[nodiscard]] Result<void> cancel(const std::string& id);
  /// The same job again, once it was cancelled or interrupted or has failed. SERVE-017, 018, 020.
  [[nodiscard]] Result<void> resume(const std::string& id);
  /// Out of the history. SERVE-017; SERVE-018 it waits or runs.
  [[nodiscard]] Result<void> remove(const std::string& id);

  struct State {
    std::optional<std::string> running;
    std::size_t queued = 0;
  };
  [[nodiscard]] State state() const;
  /// With the seconds of one that runs.
  [[nodiscard]] std::optional<Record> find(const std::string& id) const;
  [[nodiscard]] std::vector<Record> list() const;

  /// The running job is cancelled, and it and those that wait become interrupted.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  void work();
  void run(Record record);
  [[nodiscard]] Result<job::Outcome> outcome_of(const Record& record);
  void settle(Record& record, const Result<job::Outcome>& outcome);
  [[nodiscard]] Result<void> enqueue(const Record& record);
  void add_seconds(Record& record) const;

  const Places& places_;
  History& history_;
  EventLog& events_;
  Runner runner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> queue_;
  std::optional<std::string> running_;
  Clock::time_point started_;
  std::atomic<bool> cancel_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread worker_;  ///< the last member: it uses the others
};

}  // namespace qualm::serve
