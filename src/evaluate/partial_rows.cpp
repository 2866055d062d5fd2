#include "evaluate/partial_rows.h"

#include <algorithm>
#include <cmath>

namespace qualm::evaluate {
namespace {

/// Of the original: ln P of the tokens that are kept, and of the target.
class KnownLogP {
 public:
  KnownLogP(const KeptRow& p, engine::Token target) : by_token_(p.tokens) {
    for (const TokenLogP& one : p.tokens) least_ = std::min(least_, double{one.log_p});
    std::erase_if(by_token_, [&](const TokenLogP& one) { return one.token == target; });
    by_token_.push_back({target, static_cast<float>(-p.nll)});
    std::ranges::sort(by_token_, {}, &TokenLogP::token);
  }
  [[nodiscard]] std::optional<double> of(engine::Token token) const {
    const auto found = std::ranges::lower_bound(by_token_, token, {}, &TokenLogP::token);
    if (found == by_token_.end() || found->token != token) return std::nullopt;
    return static_cast<double>(found->log_p);
  }

  /// ln P of the least likely token that is kept: no other one is likelier.
  [[nodiscard]] double least() const noexcept { return least_; }

 private:
  double least_ = 0;
  std::vector<TokenLogP> by_token_;
};

constexpr double kLeastMass = 1e-12;  // of Q, where rounding leaves none
/// ln Q of a token over the least ln P that is kept: the original nearly excludes such a token. A
/// draw by P would hardly ever meet it, and the mean of Q/P over the draws would not be the known
/// one.
constexpr double kFarAbove = 2.3;

}  // namespace

PartialScore score_partial(const KeptRow& p, const PartialRow& q, engine::Token target) {
  PartialScore partial;
  Score& score = partial.score;
  score.nll_p = p.nll;
  score.nll_q = -q.target_log_p;
  score.delta_p = static_cast<float>(std::exp(q.target_log_p) - std::exp(-p.nll));
  score.confidence = std::exp(p.top.log_p);
  std::vector<TokenLogP> both = q.tokens;
  both.push_back({target, static_cast<float>(q.target_log_p)});
  const auto top = std::ranges::max_element(both, {}, &TokenLogP::log_p);
  score.same_top = top->token == p.top.token;
  std::ranges::sort(both, {}, &TokenLogP::token);
  const KnownLogP known(p, target);
  double mass_p = 0;
  double mass_q = 0;
  double only_q = 0;  // of tokens that the original nearly excludes
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (i > 0 && both[i].token == both[i - 1].token) continue;
    const auto log_p = known.of(both[i].token);
    const auto log_q = both[i].token == target ? q.target_log_p : double{both[i].log_p};
    if (!log_p) {
      if (log_q > known.least() + kFarAbove) {
        only_q += std::exp(log_q);
        partial.excluded.push_back(both[i].token);
      }
      continue;
    }
    partial.known_part += std::exp(*log_p) * (*log_p - log_q);
    mass_p += std::exp(*log_p);
    mass_q += std::exp(log_q);
    partial.known.push_back(both[i].token);
  }
  partial.rest_p = std::max(0.0, 1 - mass_p);
  partial.rest_q = std::max(kLeastMass, 1 - mass_q - only_q);
  double kld = partial.known_part;
  if (partial.rest_p > 0)
    kld += partial.rest_p * std::log(partial.rest_p / std::max(kLeastMass, 1 - mass_q));
  score.kld = static_cast<float>(std::max(0.0, kld));
  return partial;
}

double kld_with(const PartialScore& score, const TokenLogP& drawn, double log_q) {
  const double log_ratio = std::log(score.rest_q / score.rest_p);
  const double log_r = log_q - static_cast<double>(drawn.log_p) - log_ratio;
  const bool counts = !std::ranges::binary_search(score.excluded, drawn.token);
  const double ratio = counts ? std::exp(log_r) : 0;
  return score.known_part + score.rest_p * (ratio - 1 - log_r - log_ratio);
}

std::optional<TokenLogP> draw_unknown(const KeptRow& p, const PartialScore& score, double at) {
  const auto is_known = [&](engine::Token token) {
    return std::ranges::binary_search(score.known, token);
  };
  if (score.rest_p <= 0) return std::nullopt;
  double left = at * score.rest_p;
  for (const TokenLogP& one : p.tokens) {
    if (is_known(one.token)) continue;
    left -= std::exp(static_cast<double>(one.log_p));
    if (left < 0) return one;
  }
  // In what is not kept: a draw of it that is there. The target may be one of those.
  for (const TokenLogP& one : p.drawn)
    if (!is_known(one.token)) return one;
  return std::nullopt;
}

}  // namespace qualm::evaluate
