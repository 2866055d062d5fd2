#include "weights/regression.h"

#include <algorithm>
#include <cmath>

#include "numeric/distributions.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

RegressionSums total(std::span<const RegressionSums> clusters) {
  RegressionSums sums;
  for (const RegressionSums& cluster : clusters) sums.merge(cluster);
  return sums;
}

/// The inverse of {{bb, bd}, {bd, dd}}.
struct Inverse {
  double bb = 0, bd = 0, dd = 0;
};

std::optional<Inverse> inverse(const RegressionSums& sums) {
  const double determinant = sums.bb * sums.dd - sums.bd * sums.bd;
  // Parallel to within rounding: A is B times a factor, or B itself.
  if (!(determinant > 1e-12 * sums.bb * sums.dd) || sums.dd <= 0) return std::nullopt;
  return Inverse{sums.dd / determinant, -sums.bd / determinant, sums.bb / determinant};
}

}  // namespace

void RegressionSums::add(std::span<const float> w, std::span<const float> a,
                         std::span<const float> b, std::span<const float> steps) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double wi = w[i], ai = a[i], bi = b[i];
    if (!std::isfinite(wi + ai + bi)) continue;
    const double y = wi - bi, d = ai - bi;
    weights += 1;
    ww += wi * wi, yy += y * y, yb += y * bi, yd += y * d;
    bb += bi * bi, bd += bi * d, dd += d * d;
    aa += ai * ai, wa += wi * ai;
    if (steps.empty()) continue;
    const double step = steps[i];
    if (step == 0) continue;  // a block of zeros has no grid
    const double half = 0.5 * step + kStoredScale * std::abs(wi);
    gridded += 1;
    step_noise += step * step / 12;
    within_a += std::abs(wi - ai) <= half ? 1 : 0;
    within_b += std::abs(y) <= half ? 1 : 0;
  }
}

void RegressionSums::merge(const RegressionSums& next) {
  for (double RegressionSums::*sum :
       {&RegressionSums::weights, &RegressionSums::ww, &RegressionSums::yy, &RegressionSums::yb,
        &RegressionSums::yd, &RegressionSums::bb, &RegressionSums::bd, &RegressionSums::dd,
        &RegressionSums::aa, &RegressionSums::wa, &RegressionSums::gridded,
        &RegressionSums::step_noise, &RegressionSums::within_a, &RegressionSums::within_b})
    this->*sum += next.*sum;
}

std::optional<Fit> fit(std::span<const RegressionSums> clusters) {
  const RegressionSums sums = total(clusters);
  const auto inv = inverse(sums);
  const auto filled = std::ranges::count_if(clusters, [](const auto& c) { return c.weights > 0; });
  if (!inv || filled < kLeastClusters) return std::nullopt;
  const double on_b = inv->bb * sums.yb + inv->bd * sums.yd;
  const double on_d = inv->bd * sums.yb + inv->dd * sums.yd;
  Fit fit;
  fit.gain = 1 + on_b;
  if (fit.gain <= 0) return std::nullopt;
  fit.alpha = on_d / fit.gain;
  fit.residual = std::max(0.0, sums.yy - on_b * sums.yb - on_d * sums.yd);
  // alpha = on_d / (1 + on_b): its variance from the sandwich by the delta method. `lean` is the
  // row of the inverse, times the gradient, that turns a cluster's score into its pull on alpha.
  const double by_b = -fit.alpha / fit.gain, by_d = 1 / fit.gain;
  const double lean_b = by_b * inv->bb + by_d * inv->bd;
  const double lean_d = by_b * inv->bd + by_d * inv->dd;
  double variance = 0;
  for (const RegressionSums& c : clusters) {
    const double score_b = c.yb - on_b * c.bb - on_d * c.bd;
    const double score_d = c.yd - on_b * c.bd - on_d * c.dd;
    const double pull = lean_b * score_b + lean_d * score_d;
    variance += pull * pull;
  }
  const auto groups = static_cast<double>(filled);
  fit.error = std::sqrt(variance * groups / (groups - 1));
  return fit;
}

std::optional<FitOne> fit_one(const RegressionSums& sums) {
  if (sums.aa <= 0) return std::nullopt;
  const double gain = sums.wa / sums.aa;
  return FitOne{gain, std::max(0.0, sums.ww - gain * sums.wa)};
}

Pooled pool(std::span<const Fit> fits) {
  const auto weight = [](const Fit& fit) {
    const double error = std::max(fit.error, kLeastError);
    return 1 / (error * error);
  };
  double sum = 0, weights = 0, chi2 = 0;
  for (const Fit& fit : fits) {
    sum += weight(fit) * fit.alpha;
    weights += weight(fit);
  }
  Pooled pooled;
  const double alpha = sum / weights;
  for (const Fit& fit : fits) chi2 += weight(fit) * (fit.alpha - alpha) * (fit.alpha - alpha);
  const auto df = static_cast<double>(fits.size() - 1);
  if (df > 0) pooled.chi2_per_df = chi2 / df;
  pooled.standard_error = std::sqrt(std::max(1.0, pooled.chi2_per_df) / weights);
  const double quantile = pooled.chi2_per_df > 1 ? numeric::student_quantile(0.975, df)
                                                 : numeric::normal_quantile(0.975);
  pooled.alpha = {alpha, alpha - quantile * pooled.standard_error,
                  alpha + quantile * pooled.standard_error};
  return pooled;
}

}  // namespace qualm::weights
