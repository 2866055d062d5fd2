// The connections, and for how long each has kept the server waiting for a request.
#pragma once

#include <chrono>
#include <map>
#include <mutex>

struct MHD_Connection;

namespace qualm::serve {

/// The library below counts the time since the last byte; a client that sends a byte now and then
/// would never be dropped. Here the whole request has a limit.
class Peers {
 public:
  explicit Peers(std::chrono::milliseconds patience) : patience_(patience) {}

  void came(MHD_Connection* connection);
  void went(MHD_Connection* connection);
  /// The whole request is there.
  void has_asked(MHD_Connection* connection);
  /// The reply is sent; another request may follow.
  void was_answered(MHD_Connection* connection);
  /// Closes the sockets of those that took too long.
  void tick();

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    int socket = -1;
    bool asked = false;
    Clock::time_point since;
  };

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::map<MHD_Connection*, Peer> peers_;
};

}  // namespace qualm::serve
