// Whose fault how much: Shapley shares of the excess kld between the weights and the cache.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "diagnose/case.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

struct Shares {
  numeric::Estimate tier;
  numeric::Estimate kv_cache;
  bool separated = false;  ///< the paired interval of their difference does not span 0
};

/// From the 2 x 2 of {candidate, baseline weights} x {user's, F16 cache} on the explored windows,
/// with window-bootstrap intervals. Absent where nothing was lost (an excess of exactly 0) or fewer
/// than 2 windows were read. Precondition: patient.paired() and patient.cache_quantized().
[[nodiscard]] Result<std::optional<Shares>> attribute(Case& patient);

}  // namespace qualm::diagnose
