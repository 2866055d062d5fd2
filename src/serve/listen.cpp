#include "serve/listen.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "serve/refusals.h"

namespace qualm::serve {
namespace {

struct Freer {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const in_port_t port = address.ss_family == AF_INET6
                             ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port;
  return ntohs(port);
}

}  // namespace

Result<Listening> listen_on(const std::string& host, int port) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  const std::unique_ptr<addrinfo, Freer> list(found);
  if (error != 0) return fail(cannot_listen(host, ::gai_strerror(error)));
  const int socket = ::socket(list->ai_family, list->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return fail(cannot_listen(host, std::strerror(errno)));
  const int yes = 1;  // a port is free again as soon as its server has ended
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket, list->ai_addr, list->ai_addrlen) != 0 || ::listen(socket, SOMAXCONN) != 0) {
    const int why = errno;
    ::close(socket);
    return fail(why == EADDRINUSE ? port_taken(host, port)
                                  : cannot_listen(host, std::strerror(why)));
  }
  return Listening{socket, port_of(socket)};
}

}  // namespace qualm::serve
