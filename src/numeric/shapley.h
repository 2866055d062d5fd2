// Who is to blame how much, when several factors are switched on one by one and together.
#pragma once

#include <span>
#include <vector>

namespace qualm::numeric {

/// Shapley values (Shapley 1953) of n <= 16 factors. worth[mask] is the loss with the factors in
/// the bit mask present; worth.size() == 2^n. The values sum to worth[all] - worth[none].
[[nodiscard]] std::vector<double> shapley_values(std::span<const double> worth);

}  // namespace qualm::numeric
