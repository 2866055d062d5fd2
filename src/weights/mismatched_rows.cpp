#include "weights/mismatched_rows.h"

#include <algorithm>
#include <vector>

#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

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

std::optional<Mismatch> scaled(double gain, double residual_share) {
  if (residual_share > kMostResidual) return std::nullopt;
  if (gain > kShrunk && gain < kGrown) return std::nullopt;
  return Mismatch{.kind = Mismatch::Kind::scaled, .number = gain};
}

std::optional<Mismatch> overwritten_rows(std::span<const RegressionSums> clusters,
                                         std::span<const std::int64_t> firsts, std::int64_t count) {
  std::vector<double> gains, left, shares;
  for (const RegressionSums& c : clusters) gains.push_back(c.aa > 0 ? c.wa / c.aa : 1);
  const double gain = median(gains);
  for (const RegressionSums& c : clusters) {
    left.push_back(left_of(c, gain));
    shares.push_back(c.ww > 0 ? left.back() / c.ww : 0);
  }
  const double usual = median(shares);
  std::vector<std::size_t> overwritten;
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const double noise = clusters[i].step_noise;
    const bool here = noise > 0
                          ? shares[i] > kOverwrittenShare && left[i] > kOverwrittenTimes * noise
                          : shares[i] > kMostResidual;
    if (here && shares[i] > kOverwrittenTimes * usual) overwritten.push_back(i);
  }
  if (overwritten.empty() || static_cast<double>(overwritten.size()) >
                                 kMostOverwritten * static_cast<double>(clusters.size()))
    return std::nullopt;
  const std::int64_t first = firsts[overwritten.front()];
  return Mismatch{.kind = Mismatch::Kind::rows_overwritten,
                  .residual_share = shares[overwritten.front()],
                  .first_row = first,
                  .last_row = first + count - 1,
                  .usual_share = usual};
}

}  // namespace qualm::weights
