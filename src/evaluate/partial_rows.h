// A candidate of which only some log-probabilities are known: those that a server gives.
#pragma once

#include <optional>
#include <vector>

#include "evaluate/kept_rows.h"
#include "evaluate/measurement.h"

namespace qualm::evaluate {

/// One position: ln Q of the token that follows, and of the most likely tokens.
struct PartialRow {
  double target_log_p = 0;
  std::vector<TokenLogP> tokens;  ///< in any order
};

/// What is known of a position of both.
struct PartialScore {
  /// `kld` is the lower bound by the log-sum inequality: all tokens that are not known on both
  /// sides count as one (Cover and Thomas 2.7.1). The other fields are exact.
  Score score;
  double known_part = 0;  ///< sum of P ln(P/Q) over the tokens that are known on both sides
  double rest_p = 0;      ///< P's mass of the others
  double rest_q = 0;      ///< Q's mass of the others, but for `excluded`
  std::vector<engine::Token> known;     ///< ascending
  std::vector<engine::Token> excluded;  ///< of the others, those that P nearly excludes; ascending
};
/// `target`: the token that follows. Precondition: p.finite.
[[nodiscard]] PartialScore score_partial(const KeptRow& p, const PartialRow& q,
                                         engine::Token target);

/// A token drawn by P from those that are not known. `at` in [0, 1) decides which. Absent where
/// there is no rest or what is kept of P lacks it.
[[nodiscard]] std::optional<TokenLogP> draw_unknown(const KeptRow& p, const PartialScore& score,
                                                    double at);

/// The KLD without bias, from ln Q of such a token: with r = Q/P of it over Q/P of the rest,
///   known_part + rest_p (ln(rest_p/rest_q) + r' - 1 - ln r),
/// the estimator of least variance that Schulman gives ("Approximating KL divergence", 2020). r' is
/// r, but 0 of an excluded token: the mean of r' is then 1.
[[nodiscard]] double kld_with(const PartialScore& score, const TokenLogP& drawn, double log_q);

}  // namespace qualm::evaluate
