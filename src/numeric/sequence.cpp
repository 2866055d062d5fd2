#include "numeric/sequence.h"

#include <cmath>

namespace qualm::numeric {
namespace {

constexpr double kVaried = 0.5;  // coefficient of variation
constexpr double kSkewed = 1;    // skewness

/// r^2 that makes the boundary smallest after t windows, to within the approximation
///   r^2 = (-2 ln a + ln(-2 ln a + 1)) / t        (Waudby-Smith et al. 2021, appendix B.2)
double tuned(double alpha, double t) {
  const double a = -2 * std::log(alpha);
  return (a + std::log(a + 1)) / t;
}

}  // namespace

void ConfidenceSequence::add(double window_mean) noexcept {
  ++count_;
  const double off = window_mean - mean_;
  const auto t = static_cast<double>(count_);
  mean_ += off / t;
  cubes_ += off * off * off * (t - 1) * (t - 2) / (t * t) - 3 * off / t * squares_;
  squares_ += off * (window_mean - mean_);
}

std::optional<Estimate> ConfidenceSequence::interval() const {
  if (count_ < 2 || count_ < options_.first_decision) return std::nullopt;
  const auto t = static_cast<double>(count_);
  const double sigma = std::sqrt(squares_ / (t - 1));
  const bool skewed = std::abs(cubes_) > kSkewed * t * sigma * sigma * sigma;
  const bool varied = skewed || sigma > kVaried * std::abs(mean_);
  if (varied && count_ < options_.first_decision_varied) return std::nullopt;
  const double r2 = tuned(options_.alpha, static_cast<double>(options_.tuned_for));
  const double half = sigma * std::sqrt(2 * (t * r2 + 1) / (t * t * r2) *
                                        std::log(std::sqrt(t * r2 + 1) / options_.alpha));
  return Estimate{mean_, mean_ - half, mean_ + half};
}

}  // namespace qualm::numeric
