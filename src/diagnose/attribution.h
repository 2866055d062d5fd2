// How much of the loss each factor causes: Shapley shares of the kld, and of the change of ln ppl,
// between the factors that are present.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "diagnose/class_group.h"
#include "diagnose/facts.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

struct Shares {
  numeric::Estimate tier;  ///< of the weights; without the class, where one is a factor of its own
  std::optional<numeric::Estimate> kv_cache;      ///< of the cache, where it is quantized
  std::optional<numeric::Estimate> architecture;  ///< of the class
  bool separated = false;  ///< the interval of the difference of the two largest does not span 0
};

struct Attribution {
  Shares kld;
  std::optional<Shares> ln_ppl;  ///< absent where ln ppl is not separated from the original's
};

/// From all combinations of {class, rest of the weights, user's cache} being the candidate's or the
/// original's, with window-bootstrap intervals; `crushed` may be null, and the weights are then one
/// factor. Absent where the kld is exactly 0, a position was lost, or fewer than
/// numeric::kFewestClusters windows were read. Precondition: facts.swaps(), and crushed or
/// facts.cache_quantized().
[[nodiscard]] Known<std::optional<Attribution>> attribute(const Facts& facts,
                                                          const ClassGroup* crushed = nullptr);

}  // namespace qualm::diagnose
