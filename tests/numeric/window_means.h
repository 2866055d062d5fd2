// Simulated means of windows, by coefficient of variation and skewness.
#pragma once

#include <cmath>
#include <random>

namespace qualm::test {

/// Shifted lognormal of mean 1: the coefficient of variation and the skewness are set apart from
/// each other. Skewness 0 is the normal distribution.
class WindowMeans {
 public:
  WindowMeans(double variation, double skewness, std::uint64_t seed)
      : variation_(variation), sigma_(sigma_of(skewness)), random_(seed) {}

  double operator()() {
    const double z = normal_(random_);
    if (sigma_ == 0) return 1 + variation_ * z;
    const double mean = std::exp(sigma_ * sigma_ / 2);
    const double deviation = mean * std::sqrt(std::expm1(sigma_ * sigma_));
    return 1 + variation_ * (std::exp(sigma_ * z) - mean) / deviation;
  }

 private:
  /// The lognormal's sigma with (w + 2) sqrt(w - 1) = skewness, w = exp(sigma^2); by bisection.
  static double sigma_of(double skewness) {
    if (skewness == 0) return 0;
    double low = 1e-6;
    double high = 3;
    for (int i = 0; i < 100; ++i) {
      const double middle = (low + high) / 2;
      const double w = std::exp(middle * middle);
      ((w + 2) * std::sqrt(w - 1) < skewness ? low : high) = middle;
    }
    return low;
  }

  double variation_;
  double sigma_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
};

}  // namespace qualm::test
