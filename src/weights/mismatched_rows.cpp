#include "weights/mismatched_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/units.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

// A cluster of rows is odd where so much of its power is unexplained (kMostUnexplained, where no
// step is known), and so many times what is usual in its matrix and what its steps leave; in at
// most so many of the clusters.
constexpr double kOddShare = 0.05;
constexpr double kOddest = 16;
constexpr double kMostOdd = 0.2;
constexpr double kGrown = 1.2;   // times the baseline's weights; no quantizer makes them grow
constexpr double kShrunk = 0.5;  // one that leaves half of the power unexplained shrinks to that

/// What W = c A leaves of a cluster's squares, or W = c B, whichever is less.
double left_of(const RegressionSums& c, double gain) {
  const double of_a = c.ww - 2 * gain * c.wa + gain * gain * c.aa;
  const double of_b = c.ww - 2 * gain * (c.yb + c.bb) + gain * gain * c.bb;
  return std::max(0.0, std::min(of_a, of_b));
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

}  // namespace

std::string scaled(double gain, double residual_share) {
  if (residual_share > kMostUnexplained) return "";
  if (gain > kShrunk && gain < kGrown) return "";
  return fmt::format("it is the baseline's times {:.3g}", gain);
}

std::string odd_rows(std::span<const RegressionSums> clusters, std::span<const std::int64_t> firsts,
                     std::int64_t count) {
  std::vector<double> gains, left, shares;
  for (const RegressionSums& c : clusters) gains.push_back(c.aa > 0 ? c.wa / c.aa : 1);
  const double gain = median(gains);
  for (const RegressionSums& c : clusters) {
    left.push_back(left_of(c, gain));
    shares.push_back(c.ww > 0 ? left.back() / c.ww : 0);
  }
  const double usual = median(shares);
  std::vector<std::size_t> odd;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const double noise = clusters[i].step_noise;
    const bool odd_here = noise > 0 ? shares[i] > kOddShare && left[i] > kOddest * noise
                                    : shares[i] > kMostUnexplained;
    if (odd_here && shares[i] > kOddest * usual) odd.push_back(i);
  }
  if (odd.empty() ||
      static_cast<double>(odd.size()) > kMostOdd * static_cast<double>(clusters.size()))
    return "";
  const std::int64_t first = firsts[odd.front()];
  return fmt::format("{} of the power of rows {} to {} is unexplained, where the usual is {}",
                     format_value(shares[odd.front()], {.percent = true}), first, first + count - 1,
                     format_value(usual, {.percent = true}));
}

}  // namespace qualm::weights
