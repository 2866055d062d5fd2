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
  /// Nominal alpha and the earliest decision. tests/numeric/stopping_simulation_slow.cpp shows what
  /// they cover, by coefficient of variation and skewness.
  struct Options {
    double alpha = 0.005;
    std::int64_t first_decision = 16;
    /// Where the means' coefficient of variation exceeds 0.5, or their skewness 1.
    std::int64_t first_decision_varied = 32;
    std::int64_t tuned_for = 16;  ///< r is chosen so that the width is smallest here
  };
  explicit ConfidenceSequence(Options options) : options_(options) {}
  /// The interval contains the true mean with probability `confidence`, if the window means have
  /// little skewness. The nominal alpha is a tenth of 1 - confidence, because the formula holds
  /// only for many windows.
  explicit ConfidenceSequence(double confidence)
      : ConfidenceSequence(Options{.alpha = (1 - confidence) / 10}) {}

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
  double cubes_ = 0;    ///< sum of cubed deviations (Pebay 2008)
};

}  // namespace qualm::numeric
