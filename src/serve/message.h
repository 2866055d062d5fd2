// One HTTP request and its answer, without the library that carries them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qualm::serve {

struct Message {
  std::string method;
  std::string target;                               ///< as it came: "/api/files?path=a%20b"
  std::multimap<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  /// The one header of this name; empty where there is none or more than one.
  [[nodiscard]] std::string header(const std::string& name) const {
    return headers.count(name) == 1 ? headers.find(name)->second : std::string();
  }
};

/// What an event stream has after an event.
struct EventChunk {
  std::string text;       ///< ready to be sent; empty: nothing new
  std::int64_t last = 0;  ///< number of the last event in it
  bool ended = false;     ///< nothing will follow
};
using EventSource = std::function<EventChunk(std::int64_t after)>;

struct Reply {
  int status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  /// Of text/event-stream alone: sent as it comes, in place of `body`.
  EventSource events = {};
  std::int64_t events_after = 0;
};

}  // namespace qualm::serve
