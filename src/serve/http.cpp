#include "serve/http.h"

#include <microhttpd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <string_view>

#include "base/text.h"
#include "serve/api.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

constexpr unsigned kThreads = 4;
constexpr std::size_t kMostDropped = 16;  // times the limit of a body that is read to be dropped

/// A request while it comes in.
struct Exchange {
  Message message;
  std::size_t received = 0;  ///< bytes of the body
  bool begun = false;
};

MHD_Result keep_header(void* to, MHD_ValueKind, const char* name, const char* value) {
  static_cast<Message*>(to)->headers.emplace(lower_case(name), value ? value : "");
  return MHD_YES;
}

/// A client that reads gets the last events of its stream before the server is gone.
constexpr std::chrono::milliseconds kToEnd{500};

struct Sending {
  Stream stream;
  Streams* streams;
};

ssize_t send_events(void* sending, std::uint64_t, char* to, std::size_t most) {
  auto& [stream, streams] = *static_cast<Sending*>(sending);
  const std::ptrdiff_t n = streams->read(stream, to, most);
  return n == Streams::kEnd ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

void stop_sending(void* sending) {
  auto* const done = static_cast<Sending*>(sending);
  done->streams->forget(done->stream);
  delete done;
}

MHD_Response* response_of(Reply& reply, MHD_Connection* connection, Streams& streams) {
  if (!reply.events)
    return ::MHD_create_response_from_buffer(reply.body.size(), reply.body.data(),
                                             MHD_RESPMEM_MUST_COPY);
  auto sending = std::make_unique<Sending>(Sending{
      {.connection = connection, .source = std::move(reply.events), .after = reply.events_after},
      &streams});
  MHD_Response* const response = ::MHD_create_response_from_callback(
      MHD_SIZE_UNKNOWN, 16384, send_events, sending.get(), stop_sending);
  if (!response) return nullptr;
  streams.begin();
  static_cast<void>(sending.release());
  return response;
}

MHD_Result send(MHD_Connection* connection, Reply reply, Streams& streams) {
  MHD_Response* const response = response_of(reply, connection, streams);
  if (!response) return MHD_NO;
  const auto add = [&](const char* name, const std::string& value) {
    ::MHD_add_response_header(response, name, value.c_str());
  };
  add("Content-Type", reply.type);
  add("X-Content-Type-Options", "nosniff");
  add("Referrer-Policy", "no-referrer");
  add("Cache-Control", "no-store");
  add("Cross-Origin-Resource-Policy", "same-origin");
  if (std::ranges::none_of(reply.headers,
                           [](const auto& one) { return one.first == "Content-Security-Policy"; }))
    add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox");
  for (const auto& [name, value] : reply.headers) add(name.c_str(), value);
  const MHD_Result queued =
      ::MHD_queue_response(connection, static_cast<unsigned>(reply.status), response);
  ::MHD_destroy_response(response);
  return queued;
}

/// Of Content-Length; 0 where there is none.
std::size_t announced(const Message& message) {
  const std::string text = message.header("content-length");
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  return error == std::errc::result_out_of_range ? SIZE_MAX : length;
}

Reply answered(const Http::Handler& handler, const Message& message) {
  try {
    return handler(message);
  } catch (const std::exception& thrown) {
    return refusal(runner_threw(thrown.what()));
  }
}

}  // namespace

struct Http::Callbacks {
  /// The first of each request: its target as it came.
  static void* begin(void*, const char* target, MHD_Connection*) {
    auto* const exchange = new Exchange;
    exchange->message.target = target;
    return exchange;
  }

  /// A piece of the body, of `*size` bytes; none at first and at the end.
  struct Piece {
    const char* data;
    std::size_t* size;
  };

  static MHD_Result handle(Http& http, MHD_Connection* connection, Exchange* exchange,
                           const char* method, Piece piece) {
    if (!exchange) return MHD_NO;
    Message& message = exchange->message;
    const std::size_t most = http.limits_.body;
    if (!exchange->begun) {
      exchange->begun = true;
      message.method = method;
      ::MHD_get_connection_values(connection, MHD_HEADER_KIND, keep_header, &message);
      return announced(message) > most
                 ? send(connection, refusal(body_too_large(most)), http.streams_)
                 : MHD_YES;
    }
    if (*piece.size > 0) {
      exchange->received += *piece.size;
      if (exchange->received <= most) message.body.append(piece.data, *piece.size);
      *piece.size = 0;
      return exchange->received > most * kMostDropped ? MHD_NO : MHD_YES;
    }
    http.peers_.has_asked(connection);
    if (exchange->received > most)
      return send(connection, refusal(body_too_large(most)), http.streams_);
    return send(connection, answered(http.handler_, message), http.streams_);
  }

  static void complete(void* self, MHD_Connection* connection, void** held,
                       MHD_RequestTerminationCode) {
    delete static_cast<Exchange*>(*held);
    *held = nullptr;
    static_cast<Http*>(self)->peers_.was_answered(connection);
  }

  static void connection(void* self, MHD_Connection* connection, void**,
                         MHD_ConnectionNotificationCode code) {
    Peers& peers = static_cast<Http*>(self)->peers_;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
      peers.came(connection);
    else
      peers.went(connection);
  }
};

Result<std::unique_ptr<Http>> Http::start(int socket, Handler handler, const Limits& limits) {
  std::unique_ptr<Http> http(new Http(std::move(handler), limits));
  const MHD_AccessHandlerCallback handle = [](void* self, MHD_Connection* connection, const char*,
                                              const char* method, const char*, const char* data,
                                              std::size_t* size, void** held) {
    return Callbacks::handle(*static_cast<Http*>(self), connection, static_cast<Exchange*>(*held),
                             method, {data, size});
  };
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(limits.patience).count();
  http->daemon_ = ::MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, nullptr, nullptr, handle,
      http.get(), MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_THREAD_POOL_SIZE, kThreads,
      MHD_OPTION_CONNECTION_LIMIT, limits.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
      limits.of_one_address, MHD_OPTION_CONNECTION_TIMEOUT, static_cast<unsigned>(seconds),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.header, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_URI_LOG_CALLBACK, &Callbacks::begin, http.get(), MHD_OPTION_NOTIFY_COMPLETED,
      &Callbacks::complete, http.get(), MHD_OPTION_NOTIFY_CONNECTION, &Callbacks::connection,
      http.get(), MHD_OPTION_END);
  if (!http->daemon_) return fail(cannot_start("the threads of the server do not start"));
  http->ticker_ = std::thread([self = http.get()] { self->tick(); });
  return http;
}

void Http::tick() {
  const auto shortest = std::min(limits_.patience, limits_.heartbeat);
  const auto pause = std::min<std::chrono::milliseconds>(shortest / 4, std::chrono::seconds(1));
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, pause, [this] { return ended_; })) {
    streams_.tick();
    peers_.tick();
  }
}

Http::~Http() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  if (ticker_.joinable()) ticker_.join();
  streams_.close(kToEnd);
  if (daemon_) ::MHD_stop_daemon(daemon_);
}

}  // namespace qualm::serve
