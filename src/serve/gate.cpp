#include "serve/gate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

bool is_number(const std::string& host) {
  in6_addr address;
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  return bracketed ? ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) == 1
                   : ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

}  // namespace

Result<std::string> random_token() {
  std::array<unsigned char, 16> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t n = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(cannot_start(std::string("no random bytes: ") + std::strerror(errno)));
    filled += static_cast<std::size_t>(n);
  }
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

Result<void> check_token(const std::string& token) {
  if (token.size() < kShortestToken)
    return fail(weak_token(token.empty() ? "none" : fmt::format("{} characters", token.size())));
  if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; }))
    return fail(weak_token("a blank or another character that a header cannot carry"));
  return {};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

Gate::Gate(std::string token, const std::string& host, int port)
    : expected_("Bearer " + std::move(token)),
      hosts_{"127.0.0.1", "localhost"},
      port_(std::to_string(port)),
      any_number_(host == "0.0.0.0" || host == "::") {
  if (host.empty()) return;
  hosts_.push_back(lower_case(host));
  if (host.find(':') != std::string::npos) hosts_.push_back("[" + lower_case(host) + "]");
}

bool Gate::is_ours(std::string_view authority) const {
  const auto colon = authority.rfind(':');
  std::string host = lower_case(authority.substr(0, colon));
  std::string_view port = "80";
  if (authority.ends_with(']') || colon == std::string_view::npos)
    host = lower_case(authority);
  else
    port = authority.substr(colon + 1);
  if (port != port_) return false;
  return std::ranges::find(hosts_, host) != hosts_.end() || (any_number_ && is_number(host));
}

Result<void> Gate::check_host(const Message& message) const {
  const std::string host = message.header("host");
  if (!is_ours(host)) return fail(wrong_host("Host", host));
  if (!message.headers.contains("origin")) return {};
  const std::string origin = message.header("origin");
  constexpr std::string_view kScheme = "http://";
  if (!origin.starts_with(kScheme) || !is_ours(std::string_view(origin).substr(kScheme.size())))
    return fail(wrong_host("Origin", origin));
  return {};
}

Result<void> Gate::check_token(const Message& message) const {
  if (!equal_in_constant_time(message.header("authorization"), expected_)) return fail(no_token());
  return {};
}

}  // namespace qualm::serve
