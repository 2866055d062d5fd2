// The definition of a score, term by term in long double: slow, and obviously what
// docs/statistics.md says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace qualm::test {

struct ReferenceScore {
  long double nll_p = 0;
  long double nll_q = 0;
  long double kld = 0;
  long double delta_p = 0;
  long double confidence = 0;
  bool same_top = false;
};

inline std::vector<long double> log_softmax(std::span<const float> row) {
  const auto top = static_cast<long double>(*std::ranges::max_element(row));
  long double sum = 0;
  for (const float x : row) sum += std::exp(static_cast<long double>(x) - top);
  std::vector<long double> out;
  for (const float x : row) out.push_back(static_cast<long double>(x) - top - std::log(sum));
  return out;
}

inline ReferenceScore reference_score(std::span<const float> p, std::span<const float> q,
                                      std::int32_t target) {
  const auto log_p = log_softmax(p);
  const auto log_q = log_softmax(q);
  const auto x = static_cast<std::size_t>(target);
  ReferenceScore score;
  score.nll_p = -log_p[x];
  score.nll_q = -log_q[x];
  for (std::size_t v = 0; v < p.size(); ++v)
    score.kld += std::exp(log_p[v]) * (log_p[v] - log_q[v]);
  score.delta_p = std::exp(log_q[x]) - std::exp(log_p[x]);
  score.confidence = std::exp(*std::ranges::max_element(log_p));
  score.same_top =
      std::ranges::max_element(p) - p.begin() == std::ranges::max_element(q) - q.begin();
  return score;
}

}  // namespace qualm::test
