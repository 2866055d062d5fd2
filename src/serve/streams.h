// Event streams: connections that get bytes when there is news, and cost nothing until then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <set>
#include <string>

#include "serve/message.h"

struct MHD_Connection;

namespace qualm::serve {

struct Stream {
  using Clock = std::chrono::steady_clock;

  MHD_Connection* connection = nullptr;
  EventSource source = {};
  std::int64_t after = 0;
  std::string pending = {};               ///< bytes for the client
  std::size_t sent = 0;                   ///< of them
  bool ended = false;                     ///< nothing follows `pending`
  Clock::time_point last = Clock::now();  ///< when there were bytes
};

class Streams {
 public:
  explicit Streams(std::chrono::milliseconds heartbeat) : heartbeat_(heartbeat) {}

  static constexpr std::ptrdiff_t kEnd = -1;
  /// Up to `most` bytes. 0: nothing yet, and the connection is suspended until there is. kEnd: no
  /// more.
  [[nodiscard]] std::ptrdiff_t read(Stream& stream, char* to, std::size_t most);
  /// A stream begins. It is forgotten when it is gone with its connection.
  void begin();
  void forget(Stream& stream);
  /// There is news.
  void wake();
  /// Lets those that were silent for long send a heartbeat.
  void tick();
  /// All streams end, those that begin later too. Waits until they have sent what there is, at most
  /// `patience`.
  void close(std::chrono::milliseconds patience);

 private:
  bool fill(Stream& stream) const;
  void resume_all();

  const std::chrono::milliseconds heartbeat_;
  std::mutex mutex_;
  std::condition_variable gone_;
  std::set<Stream*> waiting_;
  std::int64_t open_ = 0;
  bool closed_ = false;
};

}  // namespace qualm::serve
