// A server that tells the log-probabilities of a whole window at once: what they have in common.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "remote/http.h"
#include "remote/server.h"

namespace qualm::remote {

class WindowServer : public Server {
 public:
  bool reads_windows() const noexcept final { return true; }
  Result<std::vector<evaluate::PartialRow>> read(std::span<const engine::Token> tokens) final;
  /// The last row of a window that ends with the forced token.
  Result<evaluate::PartialRow> ask(const Question& question) override;

 private:
  /// Rows as read() gives them, not checked yet.
  [[nodiscard]] virtual Result<std::vector<evaluate::PartialRow>> read_at(
      std::span<const engine::Token> tokens, double temperature) = 0;
};

/// One that speaks HTTP, and splits texts at /tokenize.
class HttpWindowServer : public WindowServer {
 public:
  const ServerInfo& info() const noexcept final { return info_; }
  /// A Hugging Face tokenizer reads special tokens in a text as such, whatever `special` is.
  Result<std::vector<engine::Token>> tokenize(const std::string& text,
                                              engine::SpecialTokens special) final;

 protected:
  HttpWindowServer(std::unique_ptr<Http> http, Access access, ServerInfo info)
      : http_(std::move(http)), access_(std::move(access)), info_(std::move(info)) {}
  [[nodiscard]] Http& http() noexcept { return *http_; }
  [[nodiscard]] const Access& access() const noexcept { return access_; }

 private:
  std::unique_ptr<Http> http_;
  Access access_;
  ServerInfo info_;
};

}  // namespace qualm::remote
