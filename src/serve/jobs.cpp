#include "serve/jobs.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <nlohmann/json.hpp>

#include "serve/ending.h"
#include "serve/gate.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStopped = 130;  // exit code of a job that was asked to stop

Json status_event(Status status) { return {{"event", "status"}, {"status", to_string(status)}}; }

bool is_waiting_or_running(Status status) {
  return status == Status::queued || status == Status::running;
}

}  // namespace

Jobs::Jobs(const Places& places, History& history, EventLog& events, Runner runner)
    : places_(places), history_(history), events_(events), runner_(std::move(runner)) {
  worker_ = std::thread([this] { work(); });
}

Result<void> Jobs::enqueue(const Record& record) {
  if (queue_.size() >= kMostQueued || stopping_) return fail(too_many_jobs(kMostQueued));
  events_.begin(record.id);
  events_.publish(record.id, status_event(Status::queued));
  queue_.push_back(record.id);
  changed_.notify_all();
  return {};
}

Result<std::string> Jobs::create(const Wish& wish) {
  QUALM_CHECK(request_of(wish, places_));
  QUALM_TRY(const std::string random, random_token());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Record record{.id = random.substr(0, 16),
                      .title = title_of(wish),
                      .created = now / std::chrono::seconds(1),
                      .request = text_of(to_json(wish))};
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMostQueued) return fail(too_many_jobs(kMostQueued));
  history_.add(record);
  QUALM_CHECK(enqueue(record));
  return record.id;
}

Result<void> Jobs::cancel(const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto record = history_.find(id);
  if (!record) return fail(no_such_page(id));
  if (running_ == id) {
    cancel_ = true;
    return {};
  }
  if (std::erase(queue_, id) == 0) return fail(not_now("cancel", to_string(record->status)));
  record->status = Status::cancelled;
  history_.update(*record);
  events_.publish(id, status_event(record->status));
  events_.end(id);
  return {};
}

Result<void> Jobs::resume(const std::string& id) {
  const std::lock_guard lock(mutex_);
  auto record = history_.find(id);
  if (!record) return fail(no_such_page(id));
  if (is_waiting_or_running(record->status) || record->status == Status::done)
    return fail(not_now("resume", to_string(record->status)));
  QUALM_CHECK(enqueue(*record));
  record->status = Status::queued;
  clear_outcome(*record);
  history_.update(*record);
  return {};
}

Result<void> Jobs::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto record = history_.find(id);
  if (!record) return fail(no_such_page(id));
  if (running_ == id || is_waiting_or_running(record->status))
    return fail(not_now("removal", to_string(record->status)));
  history_.remove(id);
  events_.forget(id);
  return {};
}

Jobs::State Jobs::state() const {
  const std::lock_guard lock(mutex_);
  return {running_, queue_.size()};
}

void Jobs::add_seconds(Record& record) const {
  if (running_ == record.id)
    record.seconds = std::chrono::duration<double>(Clock::now() - started_).count();
}

std::optional<Record> Jobs::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  auto record = history_.find(id);
  if (record) add_seconds(*record);
  return record;
}

std::vector<Record> Jobs::list() const {
  const std::lock_guard lock(mutex_);
  auto records = history_.list();
  for (Record& record : records) add_seconds(record);
  return records;
}

void Jobs::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    running_ = queue_.front();
    queue_.pop_front();
    started_ = Clock::now();
    cancel_ = false;
    auto record = history_.find(*running_);
    lock.unlock();
    if (record) run(*std::move(record));
    lock.lock();
    running_.reset();
  }
}

Result<job::Outcome> Jobs::outcome_of(const Record& record) {
  try {
    QUALM_TRY(const Wish wish, parse_wish(record.request));
    QUALM_TRY(const job::Request request, request_of(wish, places_));
    const job::JobWatch watch{[&](const Json& event) { events_.publish(record.id, event); },
                              [this] { return cancel_ || stopping_; }};
    return runner_(request, watch);
  } catch (const std::exception& thrown) {
    return fail(runner_threw(thrown.what()));
  }
}

void Jobs::run(Record record) {
  record.status = Status::running;
  clear_outcome(record);
  history_.update(record);
  events_.publish(record.id, status_event(record.status));
  const auto outcome = outcome_of(record);
  const std::lock_guard lock(mutex_);
  add_seconds(record);
  settle(record, outcome);
  running_.reset();
}

void Jobs::settle(Record& record, const Result<job::Outcome>& outcome) {
  const bool asked = cancel_ || stopping_;
  const bool stopped =
      outcome ? outcome->exit_code == kStopped : asked || outcome.error().kind == Kind::cancelled;
  const Json event = take_outcome(outcome, record);
  if (stopped)
    record.status = stopping_ ? Status::interrupted : Status::cancelled;
  else
    record.status = outcome ? Status::done : Status::failed;
  history_.update(record);
  events_.publish(record.id, event);
  events_.publish(record.id, status_event(record.status));
  events_.end(record.id);
}

void Jobs::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const std::string& id : queue_)
      if (auto record = history_.find(id)) {
        record->status = Status::interrupted;
        history_.update(*record);
        events_.publish(id, status_event(record->status));
        events_.end(id);
      }
    queue_.clear();
    changed_.notify_all();
  }
  if (worker_.joinable()) worker_.join();
}

}  // namespace qualm::serve
