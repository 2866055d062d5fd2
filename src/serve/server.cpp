#include "serve/server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "commands/named_models.h"
#include "job/job.h"
#include "report/document.h"
#include "serve/listen.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

/// The one on the command line, checked; else a random one.
Result<std::string> token_of(const Config& config) {
  if (config.token.empty() && config.host.empty()) return random_token();
  QUALM_CHECK(check_token(config.token));
  return config.token;
}

/// Closes a socket that no server took.
struct Socket {
  explicit Socket(int taken) : descriptor(taken) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor >= 0) ::close(descriptor);
  }
  int descriptor;
};

}  // namespace

Runner job_runner(const std::string& program, const locate::Environment& environment) {
  return [=](const job::Request& asked, const job::JobWatch& watch) -> Result<job::Outcome> {
    job::Request request = asked;
    QUALM_TRY(const auto named, commands::resolve_names(request, environment));
    auto outcome = job::run_job(request, watch, program);
    if (outcome) report::add_names(named, outcome->document);
    return outcome;
  };
}

Result<std::unique_ptr<Server>> Server::start(Config config) {
  QUALM_TRY(std::string token, token_of(config));
  QUALM_TRY(Places places, Places::open(config.root, config.environment));
  const std::string address = config.host.empty() ? "127.0.0.1" : config.host;
  QUALM_TRY(const Listening listening, listen_on(address, config.port));
  Socket socket(listening.socket);
  QUALM_TRY(auto history, History::open(config.history, std::move(config.note)));
  std::unique_ptr<Server> server(new Server(std::move(places), std::move(history)));
  server->port_ = listening.port;
  server->host_ = config.host;
  server->token_ = std::move(token);
  server->random_token_ = config.token.empty();
  server->jobs_ = std::make_unique<Jobs>(server->places_, *server->history_, server->events_,
                                         std::move(config.runner));
  server->api_ = std::make_unique<Api>(Gate(server->token_, config.host, listening.port),
                                       std::move(config.made), server->places_, *server->jobs_,
                                       server->events_);
  const auto handler = [api = server->api_.get()](const Message& message) {
    return api->answer(message);
  };
  QUALM_TRY(auto http, Http::start(socket.descriptor, handler, config.limits));
  socket.descriptor = -1;
  const std::lock_guard lock(server->mutex_);
  server->http_ = std::move(http);
  return server;
}

void Server::wake() {
  const std::lock_guard lock(mutex_);
  if (http_) http_->wake();
}

Server::~Server() {
  if (jobs_) jobs_->stop();  // its streams see how it ended
  std::unique_ptr<Http> http;
  {
    const std::lock_guard lock(mutex_);
    http = std::move(http_);
  }
}

std::string Server::url() const {
  const bool is_ipv6 = host_.find(':') != std::string::npos;
  const std::string host = host_.empty() ? "127.0.0.1" : is_ipv6 ? "[" + host_ + "]" : host_;
  const std::string base = fmt::format("http://{}:{}/", host, port_);
  return random_token_ ? base + "#token=" + token_ : base;
}

}  // namespace qualm::serve
