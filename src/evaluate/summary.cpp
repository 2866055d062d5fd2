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
double exponential(double x) { return std::exp(x); }
double root(double x) { return std::sqrt(std::max(0.0, x)); }

double nll_difference(const Score& s) { return s.nll_q - s.nll_p; }
double kld_of(const Score& s) { return static_cast<double>(s.kld); }

void add_means(Measurement& m) {
  const auto mean = [&](auto value) { return numeric::cluster_mean(sums(m, value)); };
  m.metrics["ppl"] =
      metric(transformed(mean([](const Score& s) { return s.nll_q; }), exponential), "1");
  m.metrics["ppl_baseline"] =
      metric(transformed(mean([](const Score& s) { return s.nll_p; }), exponential), "1");
  m.metrics["ppl_change"] = metric(transformed(mean(nll_difference), exp_minus_1), "fraction");
  m.metrics["kld_mean"] = metric(mean(kld_of), "nat/token");
  m.metrics["delta_p_mean"] =
      metric(mean([](const Score& s) { return static_cast<double>(s.delta_p); }), "fraction");
  m.metrics["delta_p_rms"] =
      metric(transformed(mean([](const Score& s) {
                           return static_cast<double>(s.delta_p) * static_cast<double>(s.delta_p);
                         }),
                         root),
             "fraction");
  m.metrics["same_top"] =
      metric(mean([](const Score& s) { return s.same_top ? 1.0 : 0.0; }), "fraction");
  if (auto& same = m.metrics["same_top"].estimate) same->high = std::min(same->high, 1.0);
  for (const char* name : {"kld_mean", "same_top"})
    if (auto& e = m.metrics[name].estimate) e->low = std::max(e->low, 0.0);
}

void add_percentiles(Measurement& m) {
  std::vector<float> values;
  std::vector<std::int32_t> cluster;
  for (std::size_t w = 0; w < m.windows.size(); ++w)
    for (const Score& score : m.windows[w].scores)
      if (score.finite) {
        values.push_back(score.kld);
        cluster.push_back(static_cast<std::int32_t>(w));
      }
  const std::vector<std::pair<const char*, double>> wanted{{"kld_median", 0.5},
                                                           {"kld_p90", 0.9},
                                                           {"kld_p95", 0.95},
                                                           {"kld_p99", 0.99},
                                                           {"kld_p999", 0.999}};
  if (values.empty() || m.windows.size() < 2) {
    for (const auto& [name, p] : wanted) m.metrics[name] = metric(std::nullopt, "nat/token");
  } else {
    std::vector<double> p;
    p.reserve(wanted.size());
    for (const auto& entry : wanted) p.push_back(entry.second);
    const numeric::Resamples resamples(static_cast<std::int64_t>(m.windows.size()), {});
    const auto quantiles = numeric::clustered_quantiles(values, cluster, p, resamples);
    for (std::size_t i = 0; i < wanted.size(); ++i)
      m.metrics[wanted[i].first] = metric(quantiles[i].interval, "nat/token");
  }
  if (values.empty()) {
    m.metrics["kld_max"] = metric(std::nullopt, "nat/token", kNothingScored);
  } else {  // of what was read, exactly; the bootstrap says nothing about an extreme
    const auto largest = static_cast<double>(*std::ranges::max_element(values));
    m.metrics["kld_max"] = metric(Estimate{largest, largest, largest}, "nat/token");
  }
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
  m.metrics.clear();
  m.by_position.clear();
  m.by_confidence.clear();
  m.tokens_scored = 0;
  m.not_finite = 0;
  for (const WindowScores& window : m.windows)
    for (const Score& score : window.scores) ++(score.finite ? m.tokens_scored : m.not_finite);
  add_means(m);
  add_percentiles(m);
  add_buckets(m);
  for (auto& [name, metric] : m.metrics) {
    if (!m.unavailable.empty()) {
      metric.absent = m.unavailable;
    } else if (metric.absent == kTooFewWindows && m.windows.size() >= 2) {
      metric.absent = kTooFewFinite;
    }
  }
}

Metric kld_mean(const Measurement& m) {
  const auto it = m.metrics.find("kld_mean");
  return it == m.metrics.end() ? metric(std::nullopt, "nat/token", "not measured") : it->second;
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
