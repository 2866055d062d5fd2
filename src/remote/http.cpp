#include "remote/http.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <thread>

namespace qualm::remote {
namespace {

constexpr std::size_t kShown = 200;  // of a body that is no answer
constexpr long kOk = 200;
constexpr long kNotFound = 404;
constexpr long kNotAllowed = 405;
constexpr long kBusy = 503;

/// libcurl is made ready once, before threads use it.
bool ready() {
  static const bool kReady = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

/// Servers repeat a key that they refuse.
std::string without_key(std::string text, const std::string& key) {
  if (key.empty()) return text;
  for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at))
    text.erase(at, key.size());
  return text;
}

}  // namespace

/// What has come of an answer.
struct Http::Answer {
  std::string body;
  std::int64_t limit = 0;
  bool too_long = false;
  long status = 0;

  static std::size_t take(char* bytes, std::size_t size, std::size_t count, void* to) {
    auto& answer = *static_cast<Answer*>(to);
    const std::size_t length = size * count;
    answer.too_long = static_cast<std::int64_t>(answer.body.size() + length) > answer.limit;
    if (answer.too_long) return 0;
    answer.body.append(bytes, length);
    return length;
  }
};

struct Http::Handle {
  CURL* curl = nullptr;
  curl_slist* headers = nullptr;
  HttpLimits limits;
  std::string key;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

Http::Http(Address address) : address_(std::move(address)) {}
Http::~Http() = default;

Result<std::unique_ptr<Http>> Http::open(const Address& address, const std::string& key,
                                         const HttpLimits& limits) {
  if (!key.empty() && !address.encrypted && !address.loopback)
    return fail({Kind::input, "REMOTE-005", address.base, "API key",
                 "https, or a server on this machine", "http to another machine",
                 "Give an https address, or no key."});
  auto http = std::unique_ptr<Http>(new Http(address));
  http->handle_ = std::make_unique<Handle>();
  Handle& handle = *http->handle_;
  handle.limits = limits;
  handle.key = key;
  handle.curl = ready() ? curl_easy_init() : nullptr;
  if (!handle.curl)
    return fail({Kind::input, "REMOTE-002", address.base, "", "libcurl", "it does not start",
                 "Install libcurl4."});
  handle.headers = curl_slist_append(nullptr, "Content-Type: application/json");
  if (!key.empty())
    handle.headers = curl_slist_append(handle.headers, ("Authorization: Bearer " + key).c_str());
  curl_easy_setopt(handle.curl, CURLOPT_HTTPHEADER, handle.headers);
  curl_easy_setopt(handle.curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle.curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle.curl, CURLOPT_PROXY, "");  // the given host alone is spoken to
  curl_easy_setopt(handle.curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.curl, CURLOPT_CONNECTTIMEOUT, limits.connect_seconds);
  curl_easy_setopt(handle.curl, CURLOPT_TIMEOUT, limits.seconds);
  curl_easy_setopt(handle.curl, CURLOPT_WRITEFUNCTION, Answer::take);
  return http;
}

Result<std::optional<std::string>> Http::find(const std::string& path) {
  curl_easy_setopt(handle_->curl, CURLOPT_HTTPGET, 1L);
  QUALM_TRY(Answer answer, perform(path));
  if (answer.status == kOk) return std::move(answer.body);
  if (answer.status == kNotFound || answer.status == kNotAllowed) return std::nullopt;
  return fail(status_error(path, answer));
}

Result<std::string> Http::post(const std::string& path, const std::string& json) {
  curl_easy_setopt(handle_->curl, CURLOPT_POST, 1L);
  curl_easy_setopt(handle_->curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(json.size()));
  curl_easy_setopt(handle_->curl, CURLOPT_COPYPOSTFIELDS, json.c_str());
  QUALM_TRY(Answer answer, perform(path));
  if (answer.status == kOk) return std::move(answer.body);
  return fail(status_error(path, answer));
}

Error Http::status_error(const std::string& path, const Answer& answer) const {
  const std::string body = without_key(answer.body, handle_->key);
  return {Kind::input,
          "REMOTE-003",
          address_.base,
          path,
          "status 200",
          fmt::format("status {}: {}", answer.status, printable(body.substr(0, kShown))),
          answer.status == 401 ? "Give the server's API key in QUALM_API_KEY or --api-key-file."
                               : "See the server's log."};
}

Result<Http::Answer> Http::perform(const std::string& path) {
  const HttpLimits& limits = handle_->limits;
  for (int tried = 1;; ++tried) {
    auto answer = try_once(path);
    const bool busy = answer && answer->status == kBusy;
    const bool silent = !answer && answer.error().code == "REMOTE-002";
    if (!(busy && tried < limits.tries_while_busy) && !(silent && tried < limits.tries))
      return answer;
    std::this_thread::sleep_for(handle_->limits.pause);
  }
}

Result<Http::Answer> Http::try_once(const std::string& path) {
  Answer answer{.body = {}, .limit = handle_->limits.bytes};
  curl_easy_setopt(handle_->curl, CURLOPT_URL, (address_.base + path).c_str());
  curl_easy_setopt(handle_->curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(handle_->curl);
  if (answer.too_long)
    return fail({Kind::input, "REMOTE-004", address_.base, path,
                 fmt::format("an answer of at most {} bytes", answer.limit), "more",
                 "This is no server that qualm can ask."});
  if (code != CURLE_OK)
    return fail({Kind::input, "REMOTE-002", address_.base, path, "an answer",
                 curl_easy_strerror(code), "Start the server, or correct the address."});
  curl_easy_getinfo(handle_->curl, CURLINFO_RESPONSE_CODE, &answer.status);
  return answer;
}

}  // namespace qualm::remote
