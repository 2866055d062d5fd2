// An always-valid confidence sequence for a running mean: look after every window, stop when it
// says.
//
// Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2021), "Time-uniform central limit theory and
// asymptotic confidence sequences", eq. for the Gaussian mixture boundary:
//   half-width(t) = sigma_t * sqrt( 2 (t r^2 + 1) / (t^2 r^2) * ln( sqrt(t r^2 + 1) / alpha ) )
// sigma_t is the running standard deviation of the window means.
#pragma once

#include <cstdint>
#include <optional>

#include "numeric/estimate.h"

namespace qualm::numeric {

class ConfidenceSequence {
 public:
  /// Nominal alpha and the earliest decision. tests/numeric/stopping_simulation_slow.cpp shows why
  /// nominal 0.01 and not before window 16 (32 where windows vary much) covers 95 %.
  struct Options {
    double alpha = 0.01;
    std::int64_t first_decision = 16;
    std::int64_t first_decision_varied = 32;  ///< where the coefficient of variation exceeds 0.5
    std::int64_t tuned_for = 16;              ///< r is chosen so that the width is smallest here
  };
  explicit ConfidenceSequence(Options options) : options_(options) {}
  ConfidenceSequence() : ConfidenceSequence(Options{}) {}

  void add(double window_mean) noexcept;
  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  [[nodiscard]] double mean() const noexcept { return mean_; }
  /// The sequence's interval now; absent before the earliest decision.
  [[nodiscard]] std::optional<Estimate> interval() const;

 private:
  Options options_;
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  ///< sum of squared deviations (Welford 1962)
};

}  // namespace qualm::numeric
