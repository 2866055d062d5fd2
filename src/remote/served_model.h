// A server as a candidate: reads windows of a text beside what is kept of the original.
#pragma once

#include <memory>
#include <vector>

#include "evaluate/asked.h"
#include "remote/server.h"

namespace qualm::remote {

/// At a position where tokens that the server did not list have more than this of the original's
/// mass, it is asked about one of them, which is drawn by the original's probabilities.
inline constexpr double kRestAsked = 1e-3;

/// Positions from one that is asked to the next, of a server that takes a request for each:
/// neighbours tell less than other windows do.
inline constexpr std::int32_t kStride = 4;

class ServedModel final : public evaluate::AskedCandidate {
 public:
  explicit ServedModel(std::unique_ptr<Server> server) : server_(std::move(server)) {}

  [[nodiscard]] Server& server() noexcept { return *server_; }
  std::size_t together() const noexcept override;
  /// Before the first window the server must pass check_server(), whose errors these are too.
  Result<evaluate::AskedScores> ask(const evaluate::TextWindows& text,
                                    std::span<const std::int32_t> windows,
                                    evaluate::Reference& kept, Progress& progress) override;

 private:
  [[nodiscard]] Result<void> prepare(std::span<const engine::Token> window);

  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<Server>> connections_;  ///< one for each window at a time
};

}  // namespace qualm::remote
