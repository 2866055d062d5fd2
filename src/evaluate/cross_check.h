// A model on its devices against the same model on the CPU, on the same windows: which side is
// broken, if one is.
#pragma once

#include <cstdint>

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

struct CrossCheck {
  /// Mean KLD of the devices' distributions from the CPU's.
  numeric::Metric kld{std::nullopt, "nat/token", "nothing was read"};
  /// How much worse the text is guessed on the devices: the mean of nll there minus on the CPU.
  numeric::Metric worse{std::nullopt, "nat/token", "nothing was read"};
  /// The window with the largest mean KLD: that, and how much worse it is guessed. No other window
  /// could change what was seen there.
  double worst_kld = 0;
  double worst_by = 0;
  std::int64_t lost = 0;  ///< positions with NaN or infinite logits on the devices alone
  std::int64_t windows = 0;
};

/// Of both models of a diagnosis: the candidate with the user's cache, the original with F16.
struct CrossChecks {
  CrossCheck candidate;
  CrossCheck original;
};

/// `measured`: on the devices, against the CPU.
[[nodiscard]] CrossCheck cross_check_of(const Measurement& measured);

}  // namespace qualm::evaluate
