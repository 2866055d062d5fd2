// The original's distributions, kept small: one run of the original serves every candidate.
//
// Of a position are kept the tokens that carry all but kRestMass of its mass, kMostTokens at most,
// and kDraws tokens drawn from the rest. For any candidate Q, with P the original's distribution,
//   kld = sum over the kept tokens of P ln(P/Q) + rest * E[ln(P/Q)],
// the expectation over the rest by P: the mean over the draws estimates it without bias. The mean
// of Q/P over the rest is known: Q's mass there over P's. The estimate is corrected by how far the
// drawn mean lies from it (docs/statistics.md "What is kept of the original").
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/engine.h"
#include "evaluate/measurement.h"

namespace qualm::evaluate {

inline constexpr double kRestMass = 1e-3;
inline constexpr std::int64_t kMostTokens = 2048;
inline constexpr std::size_t kDraws = 32;
/// Goes up with any change of what is kept and of how it is scored: it is part of the keys of
/// caches.
inline constexpr std::uint16_t kKeptVersion = 2;

/// A token and what the original says of it.
struct TokenLogP {
  engine::Token token = 0;
  float log_p = 0;  ///< ln P(token)
};

/// One scored position.
struct KeptRow {
  double nll = 0;      ///< -ln P(x), x the token that follows; exact
  double rest = 0;     ///< mass of the tokens that are not in `tokens`
  TokenLogP top = {};  ///< the most likely token, the first of several
  bool finite = true;  ///< false: a logit was not, and nothing else is known
  std::vector<TokenLogP> tokens = {};
  std::vector<TokenLogP> drawn = {};  ///< from the rest, by P, with replacement
};

/// The scored positions of one window, in order.
struct KeptWindow {
  std::int64_t vocab_size = 0;  ///< every token is below it
  std::vector<KeptRow> rows;
};

/// Windows of one original on one text under one setting.
class Reference {
 public:
  virtual ~Reference() = default;
  /// Null where the window is not known.
  [[nodiscard]] virtual std::shared_ptr<const KeptWindow> find(std::int32_t window) = 0;
  virtual void keep(std::int32_t window, std::shared_ptr<const KeptWindow> kept) = 0;
};

/// Rows of logits, targets.size() x vocab_size; targets[i] follows position i.
struct LogitRows {
  std::span<const float> logits;
  std::int64_t vocab_size = 0;
  std::span<const engine::Token> targets;
};

/// What is kept of the original's rows. seeds[i] decides the draws of row i.
void keep_rows(const LogitRows& p, std::span<const std::uint64_t> seeds, std::int32_t threads,
               std::span<KeptRow> out);

/// As score_rows of score_rows.h, against kept rows: nll, delta_p, same_top are exact, `kld` is an
/// estimate without bias, which can be below 0.
void score_kept(std::span<const KeptRow* const> p, const LogitRows& q, std::int32_t threads,
                std::span<Score> out);

}  // namespace qualm::evaluate
