// Whose fault how much: Shapley shares of the excess kld, and of the change of ln ppl, between the
// factors that are present.
#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "diagnose/case.h"
#include "diagnose/class_group.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

struct Shares {
  numeric::Estimate tier;  ///< of the weights; without the class, where one is a factor of its own
  numeric::Estimate kv_cache;                     ///< exactly 0 where the cache is not quantized
  std::optional<numeric::Estimate> architecture;  ///< of the class
  bool separated = false;  ///< the paired interval between the two largest does not span 0
};

struct Attribution {
  Shares kld;
  std::optional<Shares> ln_ppl;  ///< absent where ln ppl is not separated from the baseline's
};

/// From all combinations of {class, rest of the weights, user's cache} being the candidate's or the
/// baseline's, with window-bootstrap intervals; `crushed` may be null, and the weights are then one
/// factor. Absent where nothing was lost (an excess of exactly 0) or fewer than 2 windows were
/// read. Precondition: patient.paired(), and crushed or patient.cache_quantized().
[[nodiscard]] Result<std::optional<Attribution>> attribute(Case& patient,
                                                           const ClassGroup* crushed = nullptr);

}  // namespace qualm::diagnose
