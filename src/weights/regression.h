// How much of a fine-tune is in the weights of a quant: W = c B + alpha c (A - B) + noise.
//
// B is the base, A the fine-tune, W the candidate's decoded weights. The plain projection of W - B
// on A - B is biased, because low-bit quantizers shrink weights (their output is uncorrelated with
// their error, so E[W x] < E[x x], with x = B + alpha (A - B), the weights before rounding). The
// factor c models the shrinkage. alpha is the second coefficient divided by the first: for normally
// distributed weights a quantizer passes a small change on with exactly the gain it has for the
// weights themselves (Bussgang 1952; Stein 1981), so the ratio is unbiased.
//
// Rows are gathered in clusters, because scales and errors of a row go together: standard errors
// are cluster-robust (Liang and Zeger 1986). Sums of a cluster are exact and add up.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "numeric/estimate.h"

namespace qualm::weights {

/// Sums over the weights of a cluster of rows. They use y = w - b and d = a - b, so that small
/// differences are not lost in float rounding.
struct RegressionSums {
  double weights = 0;
  double ww = 0, yy = 0, yb = 0, yd = 0, bb = 0, bd = 0, dd = 0;
  double aa = 0, wa = 0;              ///< for the candidate against A alone
  double gridded = 0;                 ///< weights whose step is known
  double step_noise = 0;              ///< sum step^2 / 12 over them: the error of plain rounding
  double within_a = 0, within_b = 0;  ///< of them, within half a step of A's, of B's weight

  /// Pairs with a value that is not finite are left out. `steps` may be empty.
  void add(std::span<const float> w, std::span<const float> a, std::span<const float> b,
           std::span<const float> steps);
  void merge(const RegressionSums& next);
};

struct Fit {
  double gain = 0;  ///< c
  double alpha = 0;
  double error = 0;     ///< standard error of alpha, cluster-robust
  double residual = 0;  ///< sum of squared residuals
};

/// Absent where A and B do not differ, fewer than kLeastClusters clusters have weights, or c is not
/// positive.
[[nodiscard]] std::optional<Fit> fit(std::span<const RegressionSums> clusters);

/// The same without B: W = c A + noise.
struct FitOne {
  double gain = 0;
  double residual = 0;
};
[[nodiscard]] std::optional<FitOne> fit_one(const RegressionSums& sums);

struct Pooled {
  numeric::Estimate alpha;
  double standard_error = 0;  ///< inflated where fits differ more than their errors explain
  double chi2_per_df = 0;     ///< 0 for a single fit
};

/// Mean by inverse variance. Where chi^2 / df > 1 the standard error grows by its square root
/// (Birge 1932; Review of Particle Physics 2022, 5.2.2) and the interval is Student's with df
/// degrees of freedom. Precondition: not empty. Errors below 1e-6 count as 1e-6: float16 files hold
/// no more.
[[nodiscard]] Pooled pool(std::span<const Fit> fits);

}  // namespace qualm::weights
