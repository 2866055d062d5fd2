#include "engine/rpc.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ggml-rpc.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace qualm::engine {
namespace {

constexpr int kPatience = 5000;  // milliseconds

Error rpc_error(std::string code, const std::string& server, std::string expected,
                std::string found) {
  return {Kind::input, std::move(code), server, "--rpc", std::move(expected), std::move(found), ""};
}

Error with_advice(Error error, std::string advice) {
  error.advice = std::move(advice);
  return error;
}

class Socket {
 public:
  explicit Socket(const sockaddr_in& address) : descriptor_(::socket(AF_INET, kKind, 0)) {
    if (descriptor_ < 0) return;
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(descriptor_, to, sizeof address) != 0 && errno != EINPROGRESS) error_ = errno;
    if (error_ != 0 || !wait_for(POLLOUT)) return;
    socklen_t size = sizeof error_;
    ::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error_, &size);
    connected_ = error_ == 0;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] std::string why_not() const {
    return error_ != 0 ? std::strerror(error_) : fmt::format("no answer in {} s", kPatience / 1000);
  }
  [[nodiscard]] bool send(std::span<const std::uint8_t> bytes) const {
    return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// False where it ends or says nothing before all of them came.
  [[nodiscard]] bool receive(std::span<std::uint8_t> bytes) const {
    while (!bytes.empty()) {
      if (!wait_for(POLLIN)) return false;
      const ssize_t n = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
      if (n <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  static constexpr int kKind = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  [[nodiscard]] bool wait_for(short what) const {
    pollfd polled{descriptor_, what, 0};
    return ::poll(&polled, 1, kPatience) > 0;
  }
  int descriptor_;
  int error_ = 0;
  bool connected_ = false;
};

using Version = std::array<std::uint8_t, 3>;  // major, minor, patch

/// The greeting: command 14, a size in 8 bytes, and what the client can do (nothing) in `size`
/// bytes. The answer is a size and as many bytes, the first three of them the version.
std::optional<Version> ask_version(const Socket& socket, std::uint8_t size) {
  constexpr std::uint8_t kHello = 14;
  constexpr std::size_t kSizeBytes = 8;
  std::array<std::uint8_t, 1 + kSizeBytes + 24> words{kHello, size};
  if (!socket.send(std::span(words).first(1 + kSizeBytes + size))) return std::nullopt;
  std::array<std::uint8_t, kSizeBytes> length{};
  Version version{};
  if (!socket.receive(length) || length[0] < version.size() || !socket.receive(version))
    return std::nullopt;
  return version;
}

struct Place {
  sockaddr_in address{};
  std::string text;  ///< "192.168.1.5:50052"
};

Result<Place> place_of_server(const std::string& server, RpcReach reach) {
  const auto colon = server.find(':');
  std::uint16_t port = 0;
  const char* const last = server.data() + server.size();
  const bool split = colon != std::string::npos && colon > 0;
  const auto number = split ? std::from_chars(server.data() + colon + 1, last, port)
                            : std::from_chars_result{last, std::errc::invalid_argument};
  if (number.ec != std::errc() || number.ptr != last || port == 0)
    return fail(rpc_error("RPC-001", server, "HOST:PORT, with a name or an IPv4 address",
                          server.empty() ? "nothing" : server));
  addrinfo wanted{};
  wanted.ai_family = AF_INET;  // ggml's client knows no other
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* answer = nullptr;
  const std::string host = server.substr(0, colon);
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &wanted, &answer); code != 0)
    return fail(rpc_error("RPC-001", server, "a host with an IPv4 address", ::gai_strerror(code)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(answer, ::freeaddrinfo);
  Place place;
  std::memcpy(&place.address, answer->ai_addr, sizeof place.address);
  place.address.sin_port = htons(port);
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &place.address.sin_addr, text.data(), text.size());
  if (reach == RpcReach::private_only && !is_private_address(text.data()))
    return fail(with_advice(
        rpc_error("RPC-002", server, "an address of this machine or a private network",
                  text.data()),
        "RPC has no password and no encryption, and servers were broken into through it: use a "
        "tunnel (ssh -L), or --rpc-unsafe if you must."));
  place.text = fmt::format("{}:{}", text.data(), port);
  return place;
}

std::string in_words(const Version& version) {
  return fmt::format("{}.{}.{}", version[0], version[1], version[2]);
}

}  // namespace

bool is_private_address(std::string_view address) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, std::string(address).c_str(), &parsed) != 1) return false;
  const std::uint32_t bits = ntohl(parsed.s_addr);
  const auto in = [&](std::uint32_t network, int prefix) {
    return (bits ^ network) >> (32 - prefix) == 0;
  };
  return in(0x7f000000, 8) || in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16) ||
         in(0xa9fe0000, 16);
}

Result<std::string> greet(const std::string& server, RpcReach reach) {
  QUALM_TRY(const Place place, place_of_server(server, reach));
  std::optional<Version> version;
  // Versions before 4 take a greeting without a body, and hang up on the other.
  for (const std::uint8_t size : {std::uint8_t{24}, std::uint8_t{0}}) {
    const Socket socket(place.address);
    if (!socket.connected())
      return fail(
          with_advice(rpc_error("RPC-003", server, "a server that answers", socket.why_not()),
                      "Start ggml-rpc-server there, with -H and the address of that machine."));
    version = ask_version(socket, size);
    if (version) break;
  }
  if (!version)
    return fail(with_advice(
        rpc_error("RPC-003", server, "a ggml-rpc-server", "no answer to ggml's greeting"),
        "Another program listens there, or the server is busy: it serves one client at a time."));
  constexpr Version kOurs{RPC_PROTO_MAJOR_VERSION, RPC_PROTO_MINOR_VERSION,
                          RPC_PROTO_PATCH_VERSION};
  if ((*version)[0] != kOurs[0] || (*version)[1] != kOurs[1])
    return fail(with_advice(
        rpc_error("RPC-005", server, "RPC version " + in_words(kOurs), in_words(*version)),
        "Run a ggml-rpc-server of the same llama.cpp as this qualm's libllama there."));
  return place.text;
}

}  // namespace qualm::engine
