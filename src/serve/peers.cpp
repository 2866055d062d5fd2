#include "serve/peers.h"

#include <microhttpd.h>
#include <sys/socket.h>

namespace qualm::serve {

void Peers::came(MHD_Connection* connection) {
  const auto* info = ::MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  const std::lock_guard lock(mutex_);
  if (info) peers_[connection] = Peer{.socket = info->connect_fd, .since = Clock::now()};
}

void Peers::went(MHD_Connection* connection) {
  const std::lock_guard lock(mutex_);
  peers_.erase(connection);
}

void Peers::has_asked(MHD_Connection* connection) {
  const std::lock_guard lock(mutex_);
  if (const auto found = peers_.find(connection); found != peers_.end()) found->second.asked = true;
}

void Peers::was_answered(MHD_Connection* connection) {
  const std::lock_guard lock(mutex_);
  if (const auto found = peers_.find(connection); found != peers_.end()) {
    found->second.asked = false;
    found->second.since = Clock::now();
  }
}

void Peers::tick() {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  // went() comes before the library closes the socket: its number is still this connection's.
  for (const auto& [connection, peer] : peers_)
    if (!peer.asked && now - peer.since > patience_) ::shutdown(peer.socket, SHUT_RDWR);
}

}  // namespace qualm::serve
