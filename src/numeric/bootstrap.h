// Bootstrap over windows, for statistics without a standard error of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "numeric/estimate.h"
#include "numeric/level.h"

namespace qualm::numeric {

struct BootstrapOptions {
  int resamples = 2000;
  std::uint64_t seed = 1;  ///< fixed: the same data give the same interval on every machine
  double confidence = kConfidence;
};

/// How often each of `clusters` windows is drawn in each resample; row-major resamples x clusters.
/// Made once and shared by all statistics of a report, so that paired figures use paired resamples.
class Resamples {
 public:
  Resamples(std::int64_t clusters, BootstrapOptions options);
  [[nodiscard]] int count() const noexcept { return options_.resamples; }
  [[nodiscard]] std::int64_t clusters() const noexcept { return clusters_; }
  [[nodiscard]] std::span<const std::uint16_t> draw(int resample) const noexcept;
  [[nodiscard]] const BootstrapOptions& options() const noexcept { return options_; }

 private:
  std::int64_t clusters_;
  BootstrapOptions options_;
  std::vector<std::uint16_t> draws_;
};

/// sqrt(G/(G-1)) t/z, by which a percentile interval of G clusters is too narrow: resamples spread
/// as if the sample's variance were the population's, and known (Hesterberg 2015).
[[nodiscard]] double widening(std::int64_t clusters, double confidence);

/// Percentile interval of statistic(draw) (Efron and Tibshirani 1993, 13.3) around `value`, widened
/// to contain it, and by widening(). Non-finite resamples are left out; absent if more than half
/// are, or with fewer than kFewestClusters.
[[nodiscard]] std::optional<Estimate> bootstrap(
    const Resamples& resamples, double value,
    const std::function<double(std::span<const std::uint16_t>)>& statistic);

/// The same for a statistic of two independent samples. Resample r of `a` is paired with resample r
/// of `b`. The sample with fewer clusters sets the widening. Precondition: `a` and `b` have
/// different seeds and the same number of resamples.
[[nodiscard]] std::optional<Estimate> bootstrap(
    const Resamples& a, const Resamples& b, double value,
    const std::function<double(std::span<const std::uint16_t>, std::span<const std::uint16_t>)>&
        statistic);

/// Quantiles p (0..1) of pooled values, each with its interval. values[i] belongs to cluster[i].
/// An interval is absent where fewer than kFewestBeyond values lie beyond the quantile.
/// Quantile definition: linear interpolation at p (n - 1), as llama-perplexity's (Hyndman and Fan
/// 1996, type 7). An interval for p = 0 or 1 is absent: the bootstrap does not hold for extremes.
inline constexpr double kFewestBeyond = 10;
struct Quantile {
  double p = 0;
  double value = 0;
  std::optional<Estimate> interval;
};
[[nodiscard]] std::vector<Quantile> clustered_quantiles(std::span<const float> values,
                                                        std::span<const std::int32_t> cluster,
                                                        std::span<const double> p,
                                                        const Resamples& resamples);

}  // namespace qualm::numeric
