// What this machine cannot tell apart: models against themselves under a change that should change
// nothing.
#pragma once

#include <optional>

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

/// Windows that a side is measured on; with fewer it has no interval. Between windows of one model
/// against itself little changes, so 4 are enough (method, Intervals).
inline constexpr std::int32_t kNoiseFloorWindows = 4;
/// Times the larger upper limit under which a KLD means nothing. Chosen (method, Intervals).
inline constexpr double kFloors = 2;
/// Share of positions with another most likely token that no noise floor excuses.
inline constexpr double kMostFlips = 0.01;

/// Mean KLD against itself, of the original and of the candidate as it is run.
struct NoiseFloor {
  numeric::Metric original{std::nullopt, "nat/token", "nothing was read"};
  numeric::Metric candidate{std::nullopt, "nat/token", "nothing was read"};
  /// The larger upper limit of those that are known.
  [[nodiscard]] std::optional<double> upper() const;
};

/// One side, of the measurement of a model against itself.
[[nodiscard]] numeric::Metric floor_of(const Measurement& measured);

/// The KLD is certainly under kFloors times the noise floor, and at most kMostFlips of the
/// positions have another most likely token.
[[nodiscard]] bool indistinguishable(const Measurement& measurement, const NoiseFloor& floor);

}  // namespace qualm::evaluate
