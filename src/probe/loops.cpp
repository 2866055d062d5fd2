#include "probe/loops.h"

#include <algorithm>
#include <set>
#include <vector>

namespace qualm::probe {

std::optional<Loop> ending_loop(std::span<const engine::Token> text) {
  const auto n = static_cast<std::int64_t>(text.size());
  for (std::int64_t period = 1; period * kLoopRepeats <= n; ++period) {
    std::int64_t begin = n - period;  // text[begin, n) agrees with what lies one period later
    while (begin > 0 && text[static_cast<std::size_t>(begin - 1)] ==
                            text[static_cast<std::size_t>(begin - 1 + period)])
      --begin;
    if (n - begin >= std::max(kLoopRepeats * period, kLoopTokens)) return Loop{period, begin};
  }
  return std::nullopt;
}

std::optional<double> repeated_ngrams(std::span<const engine::Token> text, std::int64_t n) {
  const auto length = static_cast<std::int64_t>(text.size());
  if (n < 1 || length < n) return std::nullopt;
  std::set<std::vector<engine::Token>> distinct;
  for (std::int64_t i = 0; i + n <= length; ++i) distinct.emplace(&text[i], &text[i] + n);
  return 1.0 - static_cast<double>(distinct.size()) / static_cast<double>(length - n + 1);
}

}  // namespace qualm::probe
