// llama-server of llama.cpp, unmodified.
//
// It gives no log-probabilities of a prompt. So each position is asked for by itself: the tokens
// before it, one token to write, and a bias that forces the token that follows. The log-probability
// that it reports of the forced token is the raw one (of the softmax, before bias and samplers).
// The server keeps what it has read, so a request costs it one token.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "remote/http.h"
#include "remote/server.h"

namespace qualm::remote {

class LlamaServer final : public Server {
 public:
  /// Null where another kind of server answers. Errors: those of Http.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const Address& address,
                                                            const std::string& key,
                                                            const HttpLimits& limits);

  const ServerInfo& info() const noexcept override { return info_; }
  Result<std::vector<engine::Token>> tokenize(const std::string& text,
                                              engine::SpecialTokens special) override;
  Result<evaluate::PartialRow> ask(const Question& question) override;
  Result<std::unique_ptr<Server>> again() const override;

 private:
  LlamaServer(std::unique_ptr<Http> http, Access access, ServerInfo info)
      : http_(std::move(http)), access_(std::move(access)), info_(std::move(info)) {}
  /// What it says of the first token that it writes; absent where it tells nothing of it.
  [[nodiscard]] Result<std::optional<evaluate::PartialRow>> complete(const Question& question,
                                                                     int tops);
  [[nodiscard]] Result<evaluate::PartialRow> look_up(Question question);

  std::unique_ptr<Http> http_;
  Access access_;
  ServerInfo info_;
  std::optional<engine::Token> whole_;  ///< a token that is a whole character
};

}  // namespace qualm::remote
