// With s = sum_v exp(p_v - max p), t = sum_v exp(q_v - max q):
//   ln P(v) = p_v - max p - ln s,  ln Q(v) = q_v - max q - ln t
//   kld = sum_v P(v) (ln P(v) - ln Q(v))
//       = 1/s sum_v exp(p_v - max p) ((p_v - max p) - (q_v - max q))  -  (ln s - ln t)
// so one pass finds the maxima and one more everything else. The second runs on vectors of doubles,
// which the compiler makes of plain loops; that needs an exp without calls or branches, hence ours
// (libmvec's is only reached with -ffast-math, which would also remove the checks for NaN).
#include "evaluate/score_rows.h"

#include <algorithm>
#include <cmath>

#include "evaluate/row_kernels.h"

namespace qualm::evaluate {
namespace {

struct RowSums {
  double p = 0;      // sum of exp(p_v - max p)
  double q = 0;      // sum of exp(q_v - max q)
  double cross = 0;  // sum of exp(p_v - max p) ((p_v - max p) - (q_v - max q))
};

QUALM_CLONES RowSums sum_row(const float* p, const float* q, std::int64_t n, double max_p,
                             double max_q) {
  double sum_p[kLanes] = {};
  double sum_q[kLanes] = {};
  double cross[kLanes] = {};
  const std::int64_t whole = n - n % kLanes;
  for (std::int64_t v = 0; v < whole; v += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const double a = static_cast<double>(p[v + lane]) - max_p;
      const double b = static_cast<double>(q[v + lane]) - max_q;
      const double ea = exp_not_positive(a);
      sum_p[lane] += ea;
      sum_q[lane] += exp_not_positive(b);
      cross[lane] += ea * (a - b);
    }
  }
  RowSums sums;
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    sums.p += sum_p[lane];
    sums.q += sum_q[lane];
    sums.cross += cross[lane];
  }
  for (std::int64_t v = whole; v < n; ++v) {
    const double a = static_cast<double>(p[v]) - max_p;
    const double b = static_cast<double>(q[v]) - max_q;
    const double ea = exp_not_positive(a);
    sums.p += ea;
    sums.q += exp_not_positive(b);
    sums.cross += ea * (a - b);
  }
  return sums;
}

Score score_row(const float* p, const float* q, std::int64_t n, engine::Token target) {
  Score score;
  const Top top_p = top_of(p, n);
  const Top top_q = top_of(q, n);
  const bool known = top_p.finite && target >= 0 && target < n;
  score.finite = known && top_q.finite;
  score.lost = known && !top_q.finite;
  if (!score.finite) return score;
  const auto max_p = static_cast<double>(top_p.value);
  const auto max_q = static_cast<double>(top_q.value);
  const RowSums sums = sum_row(p, q, n, max_p, max_q);
  const double log_p = std::log(sums.p);
  const double log_q = std::log(sums.q);
  score.nll_p = log_p - (static_cast<double>(p[target]) - max_p);
  score.nll_q = log_q - (static_cast<double>(q[target]) - max_q);
  // Rounding can leave -1e-17 where the truth is 0 or a little more.
  score.kld = static_cast<float>(std::max(0.0, sums.cross / sums.p - (log_p - log_q)));
  score.delta_p = static_cast<float>(std::exp(-score.nll_q) - std::exp(-score.nll_p));
  score.confidence = static_cast<float>(1.0 / sums.p);
  score.same_top = top_p.index == top_q.index;
  return score;
}

}  // namespace

void score_rows(std::span<const float> p, std::span<const float> q, std::int64_t vocab_size,
                std::span<const engine::Token> targets, std::int32_t threads,
                std::span<Score> out) {
  for_rows(static_cast<std::int64_t>(out.size()), threads,
           [&](std::int64_t begin, std::int64_t end) {
             for (std::int64_t i = begin; i < end; ++i) {
               const auto slot = static_cast<std::size_t>(i);
               const std::int32_t position = out[slot].position;
               out[slot] = score_row(p.data() + i * vocab_size, q.data() + i * vocab_size,
                                     vocab_size, targets[slot]);
               out[slot].position = position;
             }
           });
}

}  // namespace qualm::evaluate
