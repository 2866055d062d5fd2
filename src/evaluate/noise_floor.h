// The noise floor of this machine: models against themselves, with a change that should change
// nothing.
#pragma once

#include <optional>

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

/// Windows that a side is measured on. 4 windows are enough, since the KLD of a model against
/// itself hardly varies (docs/statistics.md, Noise floor). With fewer it has no interval.
inline constexpr std::int32_t kNoiseFloorWindows = 4;
/// A KLD under this many times the larger upper limit means nothing. Chosen.
inline constexpr double kFloors = 2;
/// If a larger share of positions has another most likely token, the candidate is never called
/// indistinguishable.
inline constexpr double kMostFlips = 0.01;
/// Why none was measured where nothing depends on it.
inline constexpr const char* kLossFarLarger = "the loss is certainly far larger";

/// Mean KLD against itself, of the original and of the candidate. The candidate has its own cache,
/// or an F16 cache where its V cache is quantized.
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
