// The original's side of a comparison: its logits while the candidates' are in memory, or what is
// kept of them. Used by score_pairs.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "evaluate/kept_rows.h"
#include "evaluate/measurement.h"
#include "evaluate/text_windows.h"

namespace qualm::evaluate {

/// What people are told while it reads ahead.
inline constexpr std::string_view kRunsOriginal = "running the original";

/// Something that makes a LogitSource when, and only when, a window must really be run.
class SourceMaker {
 public:
  virtual ~SourceMaker() = default;
  [[nodiscard]] virtual Result<std::unique_ptr<engine::LogitSource>> open() = 0;
};

/// A source opened at first use.
class LazySource {
 public:
  explicit LazySource(SourceMaker& maker) : maker_(&maker) {}
  [[nodiscard]] Result<engine::LogitSource*> get();
  void close() { source_.reset(); }

 private:
  SourceMaker* maker_;
  std::unique_ptr<engine::LogitSource> source_;
};

/// What one call evaluates: positions [begin, end) of several windows.
struct Call {
  std::vector<std::int32_t> windows;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::vector<engine::Piece> pieces;
  std::vector<engine::Token> targets;  ///< the token after each scored position
  std::vector<Score> scores;           ///< one for each, with its position
  std::vector<std::size_t> owner;      ///< index into windows, for each score
};
[[nodiscard]] Call call_of(const TextWindows& text, std::span<const std::int32_t> windows,
                           std::int32_t begin, std::int32_t end);

/// How many tokens of each window a call takes that has room for `tokens` of all together.
[[nodiscard]] std::int32_t tokens_of_each(std::int32_t tokens, std::size_t windows,
                                          const TextWindows& text);

/// EVAL-010 where a source did not give a row of logits for each score of the call.
[[nodiscard]] Result<void> check_rows(std::span<const float> logits, std::int64_t vocab_size,
                                      const Call& call);

class OriginalSide {
 public:
  virtual ~OriginalSide() = default;
  /// How many of the windows that come next one call may take, at least the first.
  [[nodiscard]] virtual Result<std::size_t> together(std::span<const std::int32_t> next) = 0;
  struct Limits {
    std::int64_t vocab_size = 0;
    std::int32_t tokens_per_call = std::numeric_limits<std::int32_t>::max();
  };
  /// Before anything of `windows` is run: the original's vocabulary, and what it takes in one call.
  [[nodiscard]] virtual Result<Limits> begin(std::span<const std::int32_t> windows) = 0;
  /// Runs the original on the call, where that is necessary. Calls of a window come in order.
  [[nodiscard]] virtual Result<void> read(const Call& call) = 0;
  /// Those of `windows` that are not known and must be run; none where it cannot keep any.
  [[nodiscard]] virtual std::vector<std::int32_t> unknown(std::span<const std::int32_t> windows) {
    static_cast<void>(windows);
    return {};
  }
  /// Runs the original alone on windows that are not known, keeps them, and frees its context.
  /// `step` tells people what is done. After Ctrl-C some are left.
  [[nodiscard]] virtual Result<void> read_ahead(std::span<const std::int32_t> windows,
                                                std::string_view step, Progress& progress) {
    static_cast<void>(windows), static_cast<void>(step), static_cast<void>(progress);
    return {};
  }
  /// Scores a candidate's logits of the call that was read last.
  virtual void score(const Call& call, std::span<const float> q, std::int32_t threads,
                     std::span<Score> out) const = 0;
  /// Its logits of the call that was read last, while scores are made of what is kept of them;
  /// empty where scores are exact, or the original did not run.
  [[nodiscard]] virtual std::span<const float> exact() const noexcept { return {}; }
  /// Windows that the original ran.
  [[nodiscard]] virtual std::int64_t passes() const noexcept = 0;
};

/// The original beside the candidates: exact.
[[nodiscard]] std::unique_ptr<OriginalSide> live_original(SourceMaker& maker);
/// The original for windows that `kept` does not know, which then keeps them.
[[nodiscard]] std::unique_ptr<OriginalSide> kept_original(SourceMaker& maker, Reference& kept,
                                                          const TextWindows& text,
                                                          std::int32_t threads);

}  // namespace qualm::evaluate
