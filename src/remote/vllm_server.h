// vLLM's server. It tells the log-probabilities of a prompt: those of its own tokens and of the
// most likely ones at each place, in one request. That costs it a row of the vocabulary for each
// token: a single question is asked as one token to write, after a prompt that it may still know.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "remote/window_server.h"

namespace qualm::remote {

class VllmServer final : public HttpWindowServer {
 public:
  /// Null where another kind of server answers. Errors: those of Http.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const Address& address,
                                                            const std::string& key,
                                                            const HttpLimits& limits);
  Result<std::unique_ptr<Server>> again() const override;
  Result<evaluate::PartialRow> ask(const Question& question) override;

 private:
  using HttpWindowServer::HttpWindowServer;
  Result<std::vector<evaluate::PartialRow>> read_at(std::span<const engine::Token> tokens,
                                                    double temperature) override;

  int tops_ = 0;  ///< tokens that it lists at each place; 0: not found out yet
};

}  // namespace qualm::remote
