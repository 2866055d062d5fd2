#include "evaluate/summary.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "numeric/bootstrap.h"
#include "numeric/cluster.h"

namespace qualm::evaluate {
namespace {

using numeric::ClusterSum;
using numeric::Estimate;
using numeric::Metric;

constexpr const char* kTooFewWindows =
    "fewer than 2 windows were read: an interval needs at least 2";
constexpr const char* kTooFewFinite =
    "fewer than 2 windows had finite logits: an interval needs at least 2";
constexpr const char* kNothingScored = "no position was scored";

Metric metric(std::optional<Estimate> estimate, std::string unit,
              std::string absent = kTooFewWindows) {
  if (!estimate) return {std::nullopt, std::move(unit), std::move(absent)};
  return {estimate, std::move(unit), ""};
}

/// Per-window sums of `value` over the finite scores that `keep` takes.
std::vector<ClusterSum> sums(const Measurement& m, const std::function<double(const Score&)>& value,
                             const std::function<bool(const Score&)>& keep = nullptr) {
  std::vector<ClusterSum> clusters;
  clusters.reserve(m.windows.size());
  for (const WindowScores& window : m.windows) {
    ClusterSum cluster;
    for (const Score& score : window.scores) {
      if (!score.finite || (keep && !keep(score))) continue;
      cluster.sum += value(score);
      cluster.count += 1;
    }
    clusters.push_back(cluster);
  }
  return clusters;
}

std::optional<Estimate> transformed(std::optional<Estimate> e, double (*f)(double)) {
  if (!e) return e;
  return Estimate{f(e->value), f(e->low), f(e->high)};
}

double exp_minus_1(double x) { return std::expm1(x); }
double nll_difference(const Score& s) { return s.nll_q - s.nll_p; }
double kld_of(const Score& s) { return static_cast<double>(s.kld); }

Metric mean_of(const Measurement& m, const MetricRow& row) {
  auto estimate = numeric::cluster_mean(sums(m, row.of));
  if (estimate && row.then) estimate = transformed(estimate, row.then);
  if (estimate) {
    estimate->low = std::max(estimate->low, row.least);
    estimate->high = std::min(estimate->high, row.most);
  }
  return metric(estimate, std::string(row.unit));
}

void add_percentiles(Measurement& m, std::span<const float> values,
                     std::span<const std::int32_t> cluster) {
  std::vector<MetricRow> wanted;
  std::vector<double> ranks;
  for (const MetricRow& row : metric_rows())
    if (row.statistic == Statistic::percentile) {
      wanted.push_back(row);
      ranks.push_back(row.rank);
    }
  const bool enough = !values.empty() && m.windows.size() >= 2;
  const numeric::Resamples resamples(enough ? static_cast<std::int64_t>(m.windows.size()) : 2, {});
  const auto quantiles = enough ? numeric::clustered_quantiles(values, cluster, ranks, resamples)
                                : std::vector<numeric::Quantile>(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    m.metrics[wanted[i].id] = metric(quantiles[i].interval, std::string(wanted[i].unit));
}

/// Percentiles and the largest value, both of kld.
void add_order_statistics(Measurement& m) {
  std::vector<float> values;
  std::vector<std::int32_t> cluster;
  for (std::size_t w = 0; w < m.windows.size(); ++w)
    for (const Score& score : m.windows[w].scores)
      if (score.finite) {
        values.push_back(score.kld);
        cluster.push_back(static_cast<std::int32_t>(w));
      }
  add_percentiles(m, values, cluster);
  Metric& largest = m.metrics[MetricId::kld_max];
  if (values.empty()) {
    largest = metric(std::nullopt, "nat/token", kNothingScored);
  } else {  // of what was read, exactly; the bootstrap says nothing about an extreme
    const auto value = static_cast<double>(*std::ranges::max_element(values));
    largest = metric(Estimate{value, value, value}, "nat/token");
  }
}

void add_metrics(Measurement& m) {
  for (const MetricRow& row : metric_rows())
    if (row.statistic == Statistic::mean) m.metrics[row.id] = mean_of(m, row);
  add_order_statistics(m);
}

Bucket bucket(const Measurement& m, double low, double high,
              const std::function<bool(const Score&)>& keep) {
  Bucket b{low, high, 0, {}, {}};
  const auto kld = sums(m, kld_of, keep);
  for (const ClusterSum& c : kld) b.tokens += static_cast<std::int64_t>(c.count);
  b.kld_mean = metric(numeric::cluster_mean(kld), "nat/token");
  b.ppl_change = metric(
      transformed(numeric::cluster_mean(sums(m, nll_difference, keep)), exp_minus_1), "fraction");
  return b;
}

void add_buckets(Measurement& m) {
  std::int32_t last = 0;
  for (const WindowScores& window : m.windows)
    for (const Score& score : window.scores) last = std::max(last, score.position);
  for (std::int64_t low = 1; low <= last; low *= 2) {
    const std::int64_t high = low * 2;
    auto b = bucket(m, static_cast<double>(low), static_cast<double>(high),
                    [=](const Score& s) { return s.position >= low && s.position < high; });
    if (b.tokens > 0) m.by_position.push_back(std::move(b));
  }
  for (int fifth = 0; fifth < 5; ++fifth) {
    const double low = fifth / 5.0;
    const double high = (fifth + 1) / 5.0;
    m.by_confidence.push_back(bucket(m, low, high, [=](const Score& s) {
      const auto c = static_cast<double>(s.confidence);
      return c >= low && (c < high || fifth == 4);
    }));
  }
}

/// Walks two measurements window by window where both have one, position by position.
std::vector<ClusterSum> paired(const Measurement& a, const Measurement& b,
                               const std::function<double(const Score&, const Score&)>& value) {
  std::vector<ClusterSum> clusters;
  std::size_t j = 0;
  for (const WindowScores& wa : a.windows) {
    while (j < b.windows.size() && b.windows[j].window < wa.window) ++j;
    if (j == b.windows.size()) break;
    const WindowScores& wb = b.windows[j];
    if (wb.window != wa.window || wa.scores.size() != wb.scores.size()) continue;
    ClusterSum cluster;
    for (std::size_t i = 0; i < wa.scores.size(); ++i) {
      if (!wa.scores[i].finite || !wb.scores[i].finite) continue;
      cluster.sum += value(wa.scores[i], wb.scores[i]);
      cluster.count += 1;
    }
    clusters.push_back(cluster);
  }
  return clusters;
}

}  // namespace

void summarize(Measurement& m) {
  std::ranges::sort(m.windows, {}, &WindowScores::window);
  m.by_position.clear();
  m.by_confidence.clear();
  m.tokens_scored = 0;
  m.not_finite = 0;
  for (const WindowScores& window : m.windows)
    for (const Score& score : window.scores) ++(score.finite ? m.tokens_scored : m.not_finite);
  add_metrics(m);
  add_buckets(m);
  for (const MetricRow& row : metric_rows()) {
    Metric& metric = m.metrics[row.id];
    if (!m.unavailable.empty()) {
      metric.absent = m.unavailable;
    } else if (metric.absent == kTooFewWindows && m.windows.size() >= 2) {
      metric.absent = kTooFewFinite;
    }
  }
}

std::optional<Estimate> kld_difference(const Measurement& a, double factor, const Measurement& b) {
  return numeric::cluster_mean(paired(
      a, b, [factor](const Score& x, const Score& y) { return kld_of(x) - factor * kld_of(y); }));
}

std::optional<Estimate> ppl_ratio_change(const Measurement& a, const Measurement& b) {
  return transformed(numeric::cluster_mean(paired(
                         a, b, [](const Score& x, const Score& y) { return x.nll_q - y.nll_q; })),
                     exp_minus_1);
}

}  // namespace qualm::evaluate
