// `qualm serve`: jobs for a page in the browser.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "locate/environment.h"
#include "serve/api.h"
#include "serve/history.h"
#include "serve/http.h"
#include "serve/jobs.h"
#include "serve/places.h"

namespace qualm::serve {

struct Config {
  int port = 8093;  ///< 0: one that is free
  std::string root = ".";
  std::string host = {};     ///< address or name to listen on; empty: this machine alone
  std::string token = {};    ///< empty: a random one, which needs `host` empty
  std::string history = {};  ///< path of its database
  locate::Environment environment = {};
  Made made = {};
  Runner runner = {};
  History::Note note = [](const std::string&) {};
  Limits limits = {};
};

/// Runs `program job` for each job, with names of models resolved.
[[nodiscard]] Runner job_runner(const std::string& program, const locate::Environment& environment);

class Server {
 public:
  /// Errors: SERVE-001 to SERVE-007.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(Config config);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// The running job is cancelled, and is `interrupted` in the history.
  ~Server();

  [[nodiscard]] int port() const noexcept { return port_; }
  [[nodiscard]] const std::string& token() const noexcept { return token_; }
  /// To open in the browser; with the token where it is a random one.
  [[nodiscard]] std::string url() const;

 private:
  Server(Places places, std::unique_ptr<History> history)
      : places_(std::move(places)), history_(std::move(history)), events_([this] { wake(); }) {}
  void wake();

  int port_ = 0;
  std::string host_;
  std::string token_;
  bool random_token_ = false;
  Places places_;
  std::unique_ptr<History> history_;
  std::mutex mutex_;
  EventLog events_;
  std::unique_ptr<Jobs> jobs_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Http> http_;
};

}  // namespace qualm::serve
