#include "numeric/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "numeric/distributions.h"
#include "numeric/random.h"

namespace qualm::numeric {
namespace {

double type7(std::span<const double> sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto i = static_cast<std::size_t>(at);
  const double rest = at - static_cast<double>(i);
  return i + 1 < sorted.size() ? sorted[i] + rest * (sorted[i + 1] - sorted[i]) : sorted[i];
}

std::optional<Estimate> percentile_interval(std::vector<double>& resampled, double value,
                                            const Resamples& resamples, std::int64_t clusters) {
  const BootstrapOptions& options = resamples.options();
  if (resampled.size() * 2 <= static_cast<std::size_t>(options.resamples)) return std::nullopt;
  std::ranges::sort(resampled);
  const double tail = (1 - options.confidence) / 2;
  const double times = widening(clusters, options.confidence);
  return Estimate{value, value - times * std::max(0.0, value - type7(resampled, tail)),
                  value + times * std::max(0.0, type7(resampled, 1 - tail) - value)};
}

/// Values sorted together with their clusters, and the quantiles of any weighting of the clusters.
class SortedValues {
 public:
  SortedValues(std::span<const float> values, std::span<const std::int32_t> cluster) {
    std::vector<std::uint32_t> order(values.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return values[i]; });
    for (const std::uint32_t i : order) {
      values_.push_back(values[i]);
      cluster_.push_back(static_cast<std::uint32_t>(cluster[i]));
    }
    sizes_.assign(cluster_.empty() ? 0 : *std::ranges::max_element(cluster_) + 1U, 0);
    for (const std::uint32_t c : cluster_) ++sizes_[c];
  }

  /// Type-7 quantiles, p ascending, of the sample in which each cluster appears draw[cluster]
  /// times.
  void quantiles(std::span<const double> p, std::span<const std::uint16_t> draw,
                 std::span<double> out) const {
    std::uint64_t total = 0;
    for (std::size_t c = 0; c < sizes_.size(); ++c) total += sizes_[c] * draw[c];
    std::uint64_t passed = 0;  // values with index < i, counted as often as drawn
    std::size_t i = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      if (total == 0) {
        out[k] = std::nan("");
        continue;
      }
      const double at = p[k] * static_cast<double>(total - 1);
      const auto rank = static_cast<std::uint64_t>(at);
      while (i < values_.size() && passed + draw[cluster_[i]] <= rank)
        passed += draw[cluster_[i++]];
      const double below = values_[i];
      // The next in rank is the same value if it was drawn often enough, else the next one drawn.
      std::size_t j = i;
      std::uint64_t upto = passed + draw[cluster_[i]];
      while (upto <= rank + 1 && j + 1 < values_.size()) upto += draw[cluster_[++j]];
      out[k] = below + (at - static_cast<double>(rank)) * (static_cast<double>(values_[j]) - below);
    }
  }

 private:
  std::vector<float> values_;
  std::vector<std::uint32_t> cluster_;
  std::vector<std::uint64_t> sizes_;
};

/// Values between the quantile and the nearer end, with what 1 - 0.999 loses in binary given back.
double beyond(std::size_t values, double p) {
  return static_cast<double>(values) * std::min(p, 1 - p) + 1e-6;
}

}  // namespace

Resamples::Resamples(std::int64_t clusters, BootstrapOptions options)
    : clusters_(clusters), options_(options) {
  draws_.assign(static_cast<std::size_t>(clusters) * static_cast<std::size_t>(options.resamples),
                0);
  Random random(options.seed);
  for (int r = 0; r < options.resamples; ++r) {
    auto* const row =
        draws_.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(clusters);
    for (std::int64_t i = 0; i < clusters; ++i)
      ++row[random.below(static_cast<std::uint64_t>(clusters))];
  }
}

std::span<const std::uint16_t> Resamples::draw(int resample) const noexcept {
  const auto size = static_cast<std::size_t>(clusters_);
  return std::span(draws_).subspan(static_cast<std::size_t>(resample) * size, size);
}

double widening(std::int64_t clusters, double confidence) {
  const auto groups = static_cast<double>(clusters);
  const double p = 0.5 + confidence / 2;
  return std::sqrt(groups / (groups - 1)) * student_quantile(p, groups - 1) / normal_quantile(p);
}

std::optional<Estimate> bootstrap(
    const Resamples& resamples, double value,
    const std::function<double(std::span<const std::uint16_t>)>& statistic) {
  if (resamples.clusters() < kFewestClusters || !std::isfinite(value)) return std::nullopt;
  std::vector<double> found;
  for (int r = 0; r < resamples.count(); ++r)
    if (const double s = statistic(resamples.draw(r)); std::isfinite(s)) found.push_back(s);
  return percentile_interval(found, value, resamples, resamples.clusters());
}

std::optional<Estimate> bootstrap(
    const Resamples& a, const Resamples& b, double value,
    const std::function<double(std::span<const std::uint16_t>, std::span<const std::uint16_t>)>&
        statistic) {
  const std::int64_t fewer = std::min(a.clusters(), b.clusters());
  if (fewer < kFewestClusters || !std::isfinite(value)) return std::nullopt;
  std::vector<double> found;
  for (int r = 0; r < a.count(); ++r)
    if (const double s = statistic(a.draw(r), b.draw(r)); std::isfinite(s)) found.push_back(s);
  return percentile_interval(found, value, a, fewer);
}

std::vector<Quantile> clustered_quantiles(std::span<const float> values,
                                          std::span<const std::int32_t> cluster,
                                          std::span<const double> p, const Resamples& resamples) {
  std::vector<Quantile> result(p.size());
  if (values.empty()) return result;
  const SortedValues sorted(values, cluster);
  // One pass finds all quantiles only if they ascend.
  std::vector<std::size_t> rank(p.size());
  std::iota(rank.begin(), rank.end(), std::size_t{0});
  std::ranges::sort(rank, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> ascending;
  ascending.reserve(rank.size());
  for (const std::size_t i : rank) ascending.push_back(p[i]);

  std::vector<double> now(p.size());
  const std::vector<std::uint16_t> once(static_cast<std::size_t>(resamples.clusters()), 1);
  sorted.quantiles(ascending, once, now);
  for (std::size_t i = 0; i < p.size(); ++i) result[rank[i]] = {ascending[i], now[i], std::nullopt};
  if (resamples.clusters() < kFewestClusters) return result;

  std::vector<std::vector<double>> found(p.size());
  for (int r = 0; r < resamples.count(); ++r) {
    sorted.quantiles(ascending, resamples.draw(r), now);
    for (std::size_t i = 0; i < p.size(); ++i)
      if (std::isfinite(now[i])) found[rank[i]].push_back(now[i]);
  }
  for (std::size_t i = 0; i < p.size(); ++i)
    if (beyond(values.size(), p[i]) >= kFewestBeyond)
      result[i].interval =
          percentile_interval(found[i], result[i].value, resamples, resamples.clusters());
  return result;
}

}  // namespace qualm::numeric
