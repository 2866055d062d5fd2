#include "serve/event_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace qualm::serve {
namespace {

using Json = nlohmann::ordered_json;

/// Each stands in place of the one before.
constexpr std::array<std::string_view, 6> kLastCounts{"progress", "answers", "step",
                                                      "so_far",   "plan",    "status"};

std::string name_of(const Json& event) {
  const auto found = event.find("event");
  const std::string name =
      found != event.end() && found->is_string() ? found->get<std::string>() : "";
  const bool plain = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
  return plain ? name : "event";
}

}  // namespace

std::string as_stream(std::int64_t number, const Json& event) {
  Json data = event;
  data.erase("event");
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", number, name_of(event),
                     data.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void EventLog::begin(const std::string& job) {
  const std::lock_guard lock(mutex_);
  Log& log = logs_[job];
  log.events.clear();
  log.ended = 0;
}

void EventLog::publish(const std::string& job, const Json& event) {
  {
    const std::lock_guard lock(mutex_);
    Log& log = logs_[job];
    const std::string name = name_of(event);
    if (std::ranges::find(kLastCounts, name) != kLastCounts.end())
      std::erase_if(log.events, [&](const Kept& one) { return one.name == name; });
    log.events.push_back({log.next, name, as_stream(log.next, event)});
    ++log.next;
    if (log.events.size() > kMostEvents) log.events.pop_front();
  }
  if (on_news_) on_news_();
}

void EventLog::end(const std::string& job) {
  {
    const std::lock_guard lock(mutex_);
    logs_[job].ended = ++endings_;
    drop_oldest();
  }
  if (on_news_) on_news_();
}

void EventLog::drop_oldest() {
  const auto has_ended = [](const auto& one) { return one.second.ended > 0; };
  if (std::cmp_less_equal(std::ranges::count_if(logs_, has_ended), kMostJobs)) return;
  auto oldest = logs_.end();
  for (auto at = logs_.begin(); at != logs_.end(); ++at)
    if (has_ended(*at) && (oldest == logs_.end() || at->second.ended < oldest->second.ended))
      oldest = at;
  logs_.erase(oldest);
}

void EventLog::forget(const std::string& job) {
  {
    const std::lock_guard lock(mutex_);
    logs_.erase(job);
  }
  if (on_news_) on_news_();
}

bool EventLog::knows(const std::string& job) const {
  const std::lock_guard lock(mutex_);
  return logs_.contains(job);
}

EventChunk EventLog::after(const std::string& job, std::int64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = logs_.find(job);
  if (found == logs_.end()) return {"", number, true};
  const Log& log = found->second;
  EventChunk chunk{"", number < log.next && number > 0 ? number : 0, log.ended > 0};
  for (const Kept& one : log.events) {
    if (one.number <= chunk.last) continue;
    chunk.text += one.text;
    chunk.last = one.number;
  }
  return chunk;
}

}  // namespace qualm::serve
