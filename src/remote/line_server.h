// Any program that speaks the line protocol (adapters/README.md): what the user names with run:.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "remote/line_child.h"
#include "remote/window_server.h"

namespace qualm::remote {

class LineServer final : public WindowServer {
 public:
  /// `word`: "run:" and the command. Errors: those of LineChild; REMOTE-007.
  [[nodiscard]] static Result<std::unique_ptr<Server>> open(const std::string& word,
                                                            const HttpLimits& limits);

  const ServerInfo& info() const noexcept override { return info_; }
  /// REMOTE-009.
  Result<std::vector<engine::Token>> tokenize(const std::string& text,
                                              engine::SpecialTokens special) override;
  /// The same program: it holds the model.
  Result<std::unique_ptr<Server>> again() const override;

 private:
  struct Shared {
    std::mutex mutex;
    std::unique_ptr<LineChild> child;
  };
  LineServer(std::shared_ptr<Shared> shared, ServerInfo info)
      : shared_(std::move(shared)), info_(std::move(info)) {}
  Result<std::vector<evaluate::PartialRow>> read_at(std::span<const engine::Token> tokens,
                                                    double temperature) override;

  std::shared_ptr<Shared> shared_;
  ServerInfo info_;
};

}  // namespace qualm::remote
