#include "evaluate/kept_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "evaluate/row_kernels.h"
#include "numeric/random.h"

namespace qualm::evaluate {
namespace {

// Tokens are kept in steps of the logit, an eighth of a nat each, from the most likely down: no row
// has to be sorted. 256 steps end where a token weighs e^-32 of the most likely one.
constexpr float kStepsPerNat = 8;
constexpr std::size_t kSteps = 256;

std::size_t step_of(float below_top) noexcept {
  return static_cast<std::size_t>(
      std::min(below_top * kStepsPerNat, static_cast<float>(kSteps - 1)));
}

// How many steps are kept: until the rest weighs little, or too many tokens would be.
std::size_t steps_kept(std::span<const double> mass, std::span<const std::int64_t> count,
                       double total) {
  double kept = 0;
  std::int64_t tokens = 0;
  for (std::size_t step = 0; step < kSteps; ++step) {
    tokens += count[step];
    kept += mass[step];
    if (tokens > kMostTokens) return step;
    if (total - kept < kRestMass * total) return step + 1;
  }
  return kSteps;
}

// A row's weights exp(p_v - max p), and which of its tokens are kept.
class Row {
 public:
  Row(const float* p, std::int64_t n, const Top& top, std::vector<double>& weights)
      : p_(p), n_(n), top_(top), weights_(weights) {
    weights_.resize(static_cast<std::size_t>(n));
    std::array<double, kSteps> mass{};
    std::array<std::int64_t, kSteps> count{};
    total_ = sum_of_exp(p, n, static_cast<double>(top.value), weights_.data());
    for (std::int64_t v = 0; v < n; ++v) {
      const std::size_t step = step_of(top.value - p[v]);
      mass[step] += weights_[static_cast<std::size_t>(v)];
      ++count[step];
    }
    kept_ = steps_kept(mass, count, total_);
    log_total_ = std::log(total_);
  }

  [[nodiscard]] double log_total() const { return log_total_; }
  [[nodiscard]] TokenLogP entry(std::int64_t v) const {
    const double below = static_cast<double>(p_[v]) - static_cast<double>(top_.value);
    return {static_cast<engine::Token>(v), static_cast<float>(below - log_total_)};
  }
  [[nodiscard]] bool kept(std::int64_t v) const { return step_of(top_.value - p_[v]) < kept_; }
  [[nodiscard]] double weight(std::int64_t v) const {
    return weights_[static_cast<std::size_t>(v)];
  }

  void split(KeptRow& out) const {
    double rest = 0;
    for (std::int64_t v = 0; v < n_; ++v) {
      if (kept(v))
        out.tokens.push_back(entry(v));
      else
        rest += weight(v);
    }
    out.rest = rest / total_;
  }

  /// Tokens of the rest whose share of its mass holds one of the points, which lie in [0, 1).
  void draw(std::span<const double> points, KeptRow& out) const {
    if (out.rest <= 0) return;
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return points[i]; });
    out.drawn.resize(points.size());
    const double mass = out.rest * total_;
    double passed = 0;
    std::size_t next = 0;
    std::int64_t last = 0;
    for (std::int64_t v = 0; v < n_ && next < order.size(); ++v) {
      if (kept(v) || weight(v) <= 0) continue;
      passed += weight(v);
      for (; next < order.size() && points[order[next]] * mass < passed; ++next)
        out.drawn[order[next]] = entry(v);
      last = v;
    }
    // Rounding may leave points beyond the last token.
    for (; next < order.size(); ++next) out.drawn[order[next]] = entry(last);
  }

 private:
  const float* p_;
  std::int64_t n_;
  const Top& top_;
  std::vector<double>& weights_;
  double total_ = 0;
  double log_total_ = 0;
  std::size_t kept_ = 0;
};

KeptRow keep_row(const float* p, std::int64_t n, engine::Token target, numeric::Random random,
                 std::vector<double>& scratch) {
  KeptRow kept;
  const Top top = top_of(p, n);
  kept.finite = top.finite && target >= 0 && target < n;
  if (!kept.finite) return kept;
  const Row row(p, n, top, scratch);
  kept.top = row.entry(top.index);
  kept.nll = row.log_total() - (static_cast<double>(p[target]) - static_cast<double>(top.value));
  row.split(kept);
  std::array<double, kDraws> points{};
  for (double& point : points) point = random.uniform();
  row.draw(points, kept);
  return kept;
}

/// What a draw tells: ln(P/Q), and Q/P.
struct Draw {
  double log_ratio = 0;
  double ratio = 0;
};

double mean(std::span<const Draw> draws, double Draw::*field) {
  double sum = 0;
  for (const Draw& draw : draws) sum += draw.*field;
  return sum / static_cast<double>(draws.size());
}

// Where Q gives the rest a mass of another size, tokens that P nearly excludes carry it: draws do
// not see them, and what they say of the mean of Q/P must not be used. This depends on P and Q
// alone.
constexpr double kMostRestRatio = 2;

// The coefficient by least squares, in [0, 1]: 1 is right where Q is close to P, since ln(P/Q) is
// then 1 - Q/P but for squares.
double coefficient(std::span<const Draw> draws) {
  const double x = mean(draws, &Draw::ratio);
  const double y = mean(draws, &Draw::log_ratio);
  double xx = 0;
  double xy = 0;
  for (const Draw& draw : draws) {
    xx += (draw.ratio - x) * (draw.ratio - x);
    xy += (draw.ratio - x) * (draw.log_ratio - y);
  }
  return xx > 0 ? std::clamp(-xy / xx, 0.0, 1.0) : 0.0;
}

// Each half of the draws with the coefficient of the other half, which therefore adds no bias.
double mean_log_ratio(std::span<const Draw> draws, double expected_ratio) {
  if (expected_ratio > kMostRestRatio || expected_ratio < 1 / kMostRestRatio)
    return mean(draws, &Draw::log_ratio);
  const auto half = [&](std::span<const Draw> these, std::span<const Draw> others) {
    return mean(these, &Draw::log_ratio) +
           coefficient(others) * (mean(these, &Draw::ratio) - expected_ratio);
  };
  const auto first = draws.first(draws.size() / 2);
  const auto second = draws.last(draws.size() - draws.size() / 2);
  return (half(first, second) * static_cast<double>(first.size()) +
          half(second, first) * static_cast<double>(second.size())) /
         static_cast<double>(draws.size());
}

double kld_of_row(const KeptRow& p, const float* q, double log_total_q) {
  const auto log_q = [&](engine::Token token) {
    return static_cast<double>(q[token]) - log_total_q;
  };
  double kld = 0;
  double rest_q = 1;
  for (const TokenLogP& at : p.tokens) {
    const auto log_p = static_cast<double>(at.log_p);
    kld += std::exp(log_p) * (log_p - log_q(at.token));
    rest_q -= std::exp(log_q(at.token));
  }
  if (p.drawn.size() < 2 || p.rest <= 0) return kld;
  std::array<Draw, kDraws> draws;
  const std::size_t drawn = std::min(p.drawn.size(), draws.size());
  for (std::size_t i = 0; i < drawn; ++i) {
    draws[i].log_ratio = static_cast<double>(p.drawn[i].log_p) - log_q(p.drawn[i].token);
    draws[i].ratio = std::exp(-draws[i].log_ratio);
  }
  return kld +
         p.rest * mean_log_ratio(std::span(draws).first(drawn), std::max(0.0, rest_q) / p.rest);
}

Score score_row(const KeptRow& p, const float* q, std::int64_t n, engine::Token target) {
  Score score;
  const Top top = top_of(q, n);
  score.finite = p.finite && top.finite;
  score.lost = p.finite && !top.finite;
  if (!score.finite) return score;
  const auto max_q = static_cast<double>(top.value);
  const double log_total_q = max_q + std::log(sum_of_exp(q, n, max_q));
  score.nll_p = p.nll;
  score.nll_q = log_total_q - static_cast<double>(q[target]);
  score.kld = static_cast<float>(kld_of_row(p, q, log_total_q));
  score.delta_p = static_cast<float>(std::exp(-score.nll_q) - std::exp(-score.nll_p));
  score.confidence = std::exp(p.top.log_p);
  score.same_top = p.top.token == static_cast<engine::Token>(top.index);
  return score;
}

}  // namespace

void keep_rows(const LogitRows& p, std::span<const std::uint64_t> seeds, std::int32_t threads,
               std::span<KeptRow> out) {
  for_rows(static_cast<std::int64_t>(out.size()), threads,
           [&](std::int64_t begin, std::int64_t end) {
             std::vector<double> scratch;
             for (std::int64_t i = begin; i < end; ++i) {
               const auto slot = static_cast<std::size_t>(i);
               out[slot] = keep_row(p.logits.data() + i * p.vocab_size, p.vocab_size,
                                    p.targets[slot], numeric::Random(seeds[slot]), scratch);
             }
           });
}

void score_kept(std::span<const KeptRow* const> p, const LogitRows& q, std::int32_t threads,
                std::span<Score> out) {
  for_rows(static_cast<std::int64_t>(out.size()), threads,
           [&](std::int64_t begin, std::int64_t end) {
             for (std::int64_t i = begin; i < end; ++i) {
               const auto slot = static_cast<std::size_t>(i);
               const std::int32_t position = out[slot].position;
               out[slot] = score_row(*p[slot], q.logits.data() + i * q.vocab_size, q.vocab_size,
                                     q.targets[slot]);
               out[slot].position = position;
             }
           });
}

}  // namespace qualm::evaluate
