// Requests to one server, by libcurl: bounded, without redirects.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "remote/address.h"

namespace qualm::remote {

struct HttpLimits {
  std::int64_t bytes = std::int64_t{64} << 20;  ///< of an answer
  long connect_seconds = 10;
  long seconds = 600;                     ///< of an answer
  std::chrono::milliseconds pause{1000};  ///< before it is asked again
  int tries = 3;                          ///< of a server that does not answer
  int tries_while_busy = 180;             ///< of one with status 503: it loads its model
};

/// How to open a second connection.
struct Access {
  std::string key;
  HttpLimits limits;
};

/// A connection that is kept. One thread at a time.
class Http {
 public:
  /// `key`: sent as Authorization: Bearer; empty: none. REMOTE-005: it would go to another machine
  /// without encryption.
  [[nodiscard]] static Result<std::unique_ptr<Http>> open(const Address& address,
                                                          const std::string& key,
                                                          const HttpLimits& limits = {});
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  /// The body of the answer; absent where the server has nothing at `path` (status 404 or 405).
  /// Errors: REMOTE-002 no answer, REMOTE-003 another status than 200, REMOTE-004 more than the
  /// limit.
  [[nodiscard]] Result<std::optional<std::string>> find(const std::string& path);
  /// The same, but nothing there is REMOTE-003.
  [[nodiscard]] Result<std::string> post(const std::string& path, const std::string& json);

 private:
  struct Handle;
  struct Answer;
  explicit Http(Address address);
  [[nodiscard]] Result<Answer> perform(const std::string& path);
  [[nodiscard]] Result<Answer> try_once(const std::string& path);
  [[nodiscard]] Error status_error(const std::string& path, const Answer& answer) const;

  Address address_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace qualm::remote
