#include "numeric/distributions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qualm::numeric {
namespace {

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

double normal_density(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }

// Continued fraction of the incomplete beta function, by Lentz's method (Press et al., Numerical
// Recipes, 3rd ed., 6.4).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guarded = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / guarded(1 - (a + b) * x / (a + 1));
  double h = d;
  for (int m = 1; m <= 500; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guarded(1 + even * d);
    c = guarded(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guarded(1 + odd * d);
    c = guarded(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                   : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_cdf(double t, double df) {
  const double tail = 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t));
  return t > 0 ? 1 - tail : tail;
}

/// Wilson's limits of one proportion, for a critical value z.
Estimate wilson(double p, double n, double z) {
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace

double normal_quantile(double p) {
  if (p > 0.5) return -normal_quantile(1 - p);
  // A start good to 4.5e-4 (Abramowitz and Stegun 1964, 26.2.23), then Newton on the exact
  // function.
  const double t = std::sqrt(-2 * std::log(p));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; ++i) x -= (normal_cdf(x) - p) / normal_density(x);
  return x;
}

double student_quantile(double p, double df) {
  if (p == 0.5) return 0;
  if (p < 0.5) return -student_quantile(1 - p, df);
  double low = 0;
  double high = 1;
  while (student_cdf(high, df) < p && high < 1e12) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (student_cdf(middle, df) < p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Estimate wilson_interval(std::int64_t k, std::int64_t n, double confidence) {
  const auto total = static_cast<double>(n);
  return wilson(static_cast<double>(k) / total, total, normal_quantile(0.5 + confidence / 2));
}

Estimate newcombe_paired(std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d,
                         double confidence) {
  const auto n = static_cast<double>(a + b + c + d);
  const double z = normal_quantile(0.5 + confidence / 2);
  const double p1 = static_cast<double>(a + b) / n;
  const double p2 = static_cast<double>(a + c) / n;
  const Estimate first = wilson(p1, n, z);
  const Estimate second = wilson(p2, n, z);
  // phi with the continuity correction of method 10.
  const double product = static_cast<double>(a + b) * static_cast<double>(c + d) *
                         static_cast<double>(a + c) * static_cast<double>(b + d);
  double phi = 0;
  if (product > 0) {
    const double cross = static_cast<double>(a) * static_cast<double>(d) -
                         static_cast<double>(b) * static_cast<double>(c);
    phi = (cross > 0 ? std::max(cross - n / 2, 0.0) : cross) / std::sqrt(product);
  }
  const double difference = p1 - p2;
  const auto spread = [phi](double x, double y) {
    return std::sqrt(std::max(0.0, x * x - 2 * phi * x * y + y * y));
  };
  return {difference, difference - spread(p1 - first.low, second.high - p2),
          difference + spread(first.high - p1, p2 - second.low)};
}

double mcnemar_exact(std::int64_t b, std::int64_t c) {
  const std::int64_t n = b + c;
  if (n == 0) return 1;
  // P(X <= min) for X ~ Binomial(n, 1/2) is an incomplete beta function; twice that, at most 1.
  const auto k = static_cast<double>(std::min(b, c));
  return std::min(1.0, 2 * incomplete_beta(static_cast<double>(n) - k, k + 1, 0.5));
}

}  // namespace qualm::numeric
