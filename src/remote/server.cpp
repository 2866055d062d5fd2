#include "remote/server.h"

#include "remote/llama_server.h"

namespace qualm::remote {

Result<std::vector<evaluate::PartialRow>> Server::read(std::span<const engine::Token> /*tokens*/) {
  return fail({Kind::engine, "REMOTE-009", info().address.base, "", "a server that reads windows",
               info().kind, ""});
}

Result<std::unique_ptr<Server>> open_server(const std::string& address, const std::string& key,
                                            const HttpLimits& limits) {
  QUALM_TRY(const Address parsed, parse_address(address));
  for (const auto& open : {LlamaServer::open}) {
    QUALM_TRY(auto server, open(parsed, key, limits));
    if (server) return server;
  }
  return fail({Kind::input, "REMOTE-006", parsed.base, "", "a llama-server", "another server",
               "Give the model's file in place of the address."});
}

}  // namespace qualm::remote
