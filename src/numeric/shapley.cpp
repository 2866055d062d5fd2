#include "numeric/shapley.h"

#include <bit>
#include <cstdint>

namespace qualm::numeric {

std::vector<double> shapley_values(std::span<const double> worth) {
  const auto players = static_cast<unsigned>(std::bit_width(worth.size()) - 1);
  // weight[s] = s! (n - s - 1)! / n!, for a coalition of s others
  std::vector<double> weight(players, 1.0);
  for (unsigned s = 0; s < players; ++s) {
    double w = 1.0 / players;
    for (unsigned i = 1; i <= s; ++i)
      w *= static_cast<double>(i) / static_cast<double>(players - i);
    weight[s] = w;
  }
  std::vector<double> values(players, 0.0);
  for (std::size_t mask = 0; mask < worth.size(); ++mask)
    for (unsigned player = 0; player < players; ++player) {
      const std::size_t bit = std::size_t{1} << player;
      if (mask & bit) continue;
      const auto others = static_cast<unsigned>(std::popcount(mask));
      values[player] += weight[others] * (worth[mask | bit] - worth[mask]);
    }
  return values;
}

}  // namespace qualm::numeric
