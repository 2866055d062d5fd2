// SGLang's server. It tells the log-probabilities of a prompt: those of its own tokens and of the
// most likely ones at each place, in one request.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "remote/window_server.h"

namespace qualm::remote {

class SglangServer final : public HttpWindowServer {
 public:
  /// Null where another kind of server answers. Errors: those of Http.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const Address& address,
                                                            const std::string& key,
                                                            const HttpLimits& limits);
  Result<std::unique_ptr<Server>> again() const override;

 private:
  using HttpWindowServer::HttpWindowServer;
  Result<std::vector<evaluate::PartialRow>> read_at(std::span<const engine::Token> tokens,
                                                    double temperature) override;
};

}  // namespace qualm::remote
