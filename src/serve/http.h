// HTTP by libmicrohttpd: requests in, replies out, limits kept.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "serve/message.h"
#include "serve/peers.h"
#include "serve/streams.h"

struct MHD_Daemon;

namespace qualm::serve {

struct Limits {
  unsigned connections = 256;      ///< at a time
  unsigned of_one_address = 256;   ///< connections
  std::size_t body = 64 * 1024;    ///< bytes of a request
  std::size_t header = 16 * 1024;  ///< bytes of a connection's memory: request line, headers
  std::chrono::milliseconds patience{30'000};   ///< for a whole request, and between two
  std::chrono::milliseconds heartbeat{15'000};  ///< of a silent event stream
};

class Http {
 public:
  using Handler = std::function<Reply(const Message&)>;

  /// Takes the listening socket. The handler is called from several threads, and may take a while:
  /// it holds up a quarter of the connections. SERVE-006.
  [[nodiscard]] static Result<std::unique_ptr<Http>> start(int socket, Handler handler,
                                                           const Limits& limits);
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;
  /// Ends event streams and connections.
  ~Http();

  /// Event streams have news.
  void wake() { streams_.wake(); }

  struct Callbacks;  ///< of libmicrohttpd
 private:
  friend struct Callbacks;
  Http(Handler handler, const Limits& limits)
      : handler_(std::move(handler)),
        limits_(limits),
        streams_(limits.heartbeat),
        peers_(limits.patience) {}
  void tick();

  Handler handler_;
  const Limits limits_;
  Streams streams_;
  Peers peers_;
  MHD_Daemon* daemon_ = nullptr;
  std::mutex mutex_;
  std::condition_variable ending_;
  bool ended_ = false;
  std::thread ticker_;
};

}  // namespace qualm::serve
