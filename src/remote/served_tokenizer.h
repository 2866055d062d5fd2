// The tokenizer of a server, in place of that of a file.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "remote/server.h"

namespace qualm::remote {

/// It splits texts, and cannot be opened. `start`: the token that begins a window, or -1. `pieces`:
/// a model of the same vocabulary that knows the texts of tokens, or null.
class ServedTokenizer final : public engine::Model {
 public:
  ServedTokenizer(Server& server, engine::Token start, std::shared_ptr<const engine::Model> pieces)
      : server_(server), start_(start), pieces_(std::move(pieces)) {}

  std::int64_t vocab_size() const noexcept override { return server_.info().vocab_size; }
  engine::Token window_start() const noexcept override { return start_; }
  std::int32_t trained_context() const noexcept override { return 0; }
  Result<std::vector<engine::Token>> tokenize(std::string_view text,
                                              engine::SpecialTokens special) override {
    return server_.tokenize(std::string(text), special);
  }
  std::string piece(engine::Token token) const override {
    return pieces_ ? pieces_->piece(token) : "";
  }
  Result<std::unique_ptr<engine::LogitSource>> open(const engine::Settings& /*settings*/) override {
    return fail({Kind::engine, "REMOTE-020", server_.info().address.base, "", "a model of a file",
                 "a server", ""});
  }

 private:
  Server& server_;
  engine::Token start_;
  std::shared_ptr<const engine::Model> pieces_;
};

}  // namespace qualm::remote
