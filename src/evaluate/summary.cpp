#include "evaluate/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "evaluate/joint.h"
#include "numeric/bootstrap.h"
#include "numeric/cluster.h"
#include "numeric/distributions.h"

namespace qualm::evaluate {
namespace {

using numeric::ClusterSum;
using numeric::Estimate;
using numeric::Metric;

constexpr double kPower = 0.8;          // share of texts of this length that would show the effect
constexpr double kSameTopError = 0.06;  // of a share that a surrogate tells, either way
constexpr const char* kNeedsOriginal = "not known without the original";
constexpr const char* kNeedsPositions =
    "it needs every position, and the reports have only the sums of windows (--positions)";
constexpr const char* kNothingScored = "no position was scored";

bool enough(std::size_t windows) {
  return static_cast<std::int64_t>(windows) >= numeric::kFewestClusters;
}

std::string too_few(const Measurement& m) {
  if (enough(m.windows.size()))
    return fmt::format("fewer than {0} windows have data here, and an interval needs {0}",
                       numeric::kFewestClusters);
  return fmt::format("only {} {} read, and an interval needs {}", m.windows.size(),
                     m.windows.size() == 1 ? "window was" : "windows were",
                     numeric::kFewestClusters);
}

Metric metric(std::optional<Estimate> estimate, std::string_view unit, std::string absent) {
  if (!estimate) return {std::nullopt, std::string(unit), std::move(absent)};
  return {estimate, std::string(unit), ""};
}

/// cluster_mean of enough windows.
std::optional<Estimate> window_mean(std::span<const ClusterSum> clusters,
                                    double confidence = numeric::kConfidence) {
  const auto used =
      std::ranges::count_if(clusters, [](const ClusterSum& c) { return c.count > 0; });
  if (!enough(static_cast<std::size_t>(used))) return std::nullopt;
  return numeric::cluster_mean(clusters, confidence);
}

/// Per-window sums of a mean.
std::vector<ClusterSum> sums(const Measurement& m, double (*of)(const WindowSums&)) {
  std::vector<ClusterSum> clusters;
  clusters.reserve(m.windows.size());
  for (const WindowScores& window : m.windows) {
    const WindowSums all = sums_of(window);
    clusters.push_back({of(all), static_cast<double>(all.tokens)});
  }
  return clusters;
}

/// Whether every position's score is known, and not only the sums of windows.
bool knows_positions(const Measurement& m) {
  return std::ranges::none_of(m.windows, [](const WindowScores& w) { return w.sums.has_value(); });
}

/// Per-window sums of `value` over the finite scores that `keep` takes.
std::vector<ClusterSum> sums(const Measurement& m, const std::function<double(const Score&)>& value,
                             const std::function<bool(const Score&)>& keep) {
  std::vector<ClusterSum> clusters;
  clusters.reserve(m.windows.size());
  for (const WindowScores& window : m.windows) {
    ClusterSum cluster;
    for (const Score& score : window.scores) {
      if (!score.finite || !keep(score)) continue;
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

/// Against a surrogate: what that says of the original, or nothing.
std::optional<Estimate> estimated(std::optional<Estimate> found, const MetricRow& row,
                                  const Estimate& truth) {
  if (!found) return found;
  if (row.id == MetricId::same_top)
    return Estimate{found->value, std::max(found->low - kSameTopError, 0.0),
                    std::min(found->high + kSameTopError, 1.0)};
  if (row.unit != row_of(MetricId::kld_mean).unit) return std::nullopt;
  return numeric::product(*found, truth);
}

double exp_minus_1(double x) { return std::expm1(x); }

std::optional<Estimate> as_metric(std::optional<Estimate> estimate, const MetricRow& row) {
  if (estimate && row.then) estimate = transformed(estimate, row.then);
  if (estimate) {
    for (double* bound : {&estimate->value, &estimate->low, &estimate->high})
      *bound = std::clamp(*bound, row.least, row.most);
  }
  return estimate;
}

/// The mean of all positions, and the lowest and highest of one window.
std::optional<Estimate> range_of(std::span<const ClusterSum> clusters) {
  ClusterSum all;
  std::optional<Estimate> range;
  for (const ClusterSum& one : clusters) {
    if (one.count <= 0) continue;
    const double mean = one.sum / one.count;
    if (!range) range = Estimate{mean, mean, mean};
    range->low = std::min(range->low, mean);
    range->high = std::max(range->high, mean);
    all.sum += one.sum;
    all.count += one.count;
  }
  if (range) range->value = all.sum / all.count;
  return range;
}

Metric mean_of(const Measurement& m, const MetricRow& row) {
  const auto clusters = sums(m, row.of);
  Metric found = metric(as_metric(window_mean(clusters), row), row.unit, too_few(m));
  found.range = as_metric(range_of(clusters), row);
  return found;
}

/// kld of all finite positions, and the windows that they are in.
struct Positions {
  std::vector<float> values;
  std::vector<std::int32_t> cluster;
};

Positions positions_of(const Measurement& m) {
  Positions positions;
  if (!knows_positions(m)) return positions;
  for (std::size_t w = 0; w < m.windows.size(); ++w)
    for (const Score& score : m.windows[w].scores)
      if (score.finite) {
        positions.values.push_back(score.kld);
        positions.cluster.push_back(static_cast<std::int32_t>(w));
      }
  return positions;
}

std::vector<std::optional<Estimate>> percentiles_of(const Measurement& m,
                                                    const Positions& positions,
                                                    std::span<const double> ranks,
                                                    double confidence) {
  std::vector<std::optional<Estimate>> found(ranks.size());
  if (positions.values.empty() || !enough(m.windows.size())) return found;
  const numeric::Resamples resamples(static_cast<std::int64_t>(m.windows.size()),
                                     {.confidence = confidence});
  const auto quantiles =
      numeric::clustered_quantiles(positions.values, positions.cluster, ranks, resamples);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    found[i] = quantiles[i].interval;
    if (!found[i]) continue;
    found[i]->value = std::max(found[i]->value, 0.0);
    found[i]->low = std::max(found[i]->low, 0.0);
    found[i]->high = std::max(found[i]->high, 0.0);
  }
  return found;
}

std::string why_no_percentile(const Measurement& m, double rank) {
  if (!knows_positions(m)) return kNeedsPositions;
  if (!enough(m.windows.size()) || m.tokens_scored == 0) return too_few(m);
  return fmt::format("not computed: it needs {:.0f} positions, and {} were scored",
                     std::ceil(numeric::kFewestBeyond / std::min(rank, 1 - rank) - 1e-6),
                     m.tokens_scored);
}

/// Percentiles and the largest value, both of kld.
void add_order_statistics(Measurement& m) {
  std::vector<MetricRow> wanted;
  std::vector<double> ranks;
  for (const MetricRow& row : metric_rows())
    if (row.statistic == Statistic::percentile) {
      wanted.push_back(row);
      ranks.push_back(row.rank);
    }
  const Positions positions = positions_of(m);
  const auto found = percentiles_of(m, positions, ranks, numeric::kConfidence);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    m.metrics[wanted[i].id] = metric(found[i], wanted[i].unit, why_no_percentile(m, ranks[i]));
  Metric& largest = m.metrics[MetricId::kld_max];
  largest = {std::nullopt, "nat/token", knows_positions(m) ? kNothingScored : kNeedsPositions};
  if (!positions.values.empty()) {  // exactly; the bootstrap says nothing about an extreme
    const auto value = static_cast<double>(*std::ranges::max_element(positions.values));
    largest = {Estimate{value, value, value}, "nat/token", ""};
  }
}

void add_metrics(Measurement& m) {
  for (const MetricRow& row : metric_rows())
    if (row.statistic == Statistic::mean) m.metrics[row.id] = mean_of(m, row);
  add_order_statistics(m);
  if (!m.stopped) return;
  if (auto& watched = m.metrics[m.stopped->watched].estimate) {
    watched->low = std::min(watched->value, m.stopped->interval.low);
    watched->high = std::max(watched->value, m.stopped->interval.high);
  }
}

Bucket bucket(const Measurement& m, double low, double high,
              const std::function<bool(const Score&)>& keep) {
  Bucket b{low, high, 0, {}, {}};
  const auto kld = sums(m, kld_of, keep);
  for (const ClusterSum& c : kld) b.tokens += static_cast<std::int64_t>(c.count);
  b.kld_mean = metric(window_mean(kld), "nat/token", too_few(m));
  b.ppl_change = metric(transformed(window_mean(sums(m, lost_likelihood, keep)), exp_minus_1),
                        "fraction", too_few(m));
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

void mark_estimated(Metric& metric, const MetricRow& row, const Estimate& truth) {
  const bool known = metric.estimate.has_value();
  metric.estimate = estimated(metric.estimate, row, truth);
  metric.range.reset();
  if (known && !metric.estimate) metric.absent = kNeedsOriginal;
}

void mark_estimated(Measurement& m) {
  const Estimate& truth = *m.truth_over_estimate;
  for (const MetricRow& row : metric_rows()) mark_estimated(m.metrics[row.id], row, truth);
  for (auto* const buckets : {&m.by_position, &m.by_confidence})
    for (Bucket& one : *buckets) {
      mark_estimated(one.kld_mean, row_of(MetricId::kld_mean), truth);
      mark_estimated(one.ppl_change, row_of(MetricId::ppl_change), truth);
    }
}

/// The mean of `value` over two measurements, window by window where both have one, position by
/// position. Absent with a lost position: nobody knows what that one costs.
std::optional<Estimate> paired_mean(const Measurement& a, const Measurement& b,
                                    const std::function<double(const Score&, const Score&)>& value,
                                    double confidence) {
  if (a.lost + b.lost > 0) return std::nullopt;
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
  return window_mean(clusters, confidence);
}

/// An estimate and a figure that was measured: each with its own interval, as nothing says how the
/// error of the one goes with the windows of the other.
std::optional<Estimate> estimate_over(const Measurement& a, double factor, const Measurement& b,
                                      double confidence) {
  const auto x = paired_mean(
      a, b, [](const Score& of_a, const Score&) { return kld_of(of_a); }, confidence);
  const auto y = paired_mean(
      a, b, [](const Score&, const Score& of_b) { return kld_of(of_b); }, confidence);
  if (!x || !y) return std::nullopt;
  const Estimate& truth = *a.truth_over_estimate;
  return Estimate{truth.value * x->value - factor * y->value, truth.low * x->low - factor * y->high,
                  truth.high * x->high - factor * y->low};
}

}  // namespace

void summarize(Measurement& m) {
  std::ranges::sort(m.windows, {}, &WindowScores::window);
  m.by_position.clear();
  m.by_confidence.clear();
  m.tokens_scored = 0;
  m.not_finite = 0;
  m.lost = 0;
  for (const WindowScores& window : m.windows) {
    const WindowSums all = sums_of(window);
    m.tokens_scored += all.tokens;
    m.not_finite += all.not_finite;
    m.lost += all.lost;
  }
  add_metrics(m);
  if (knows_positions(m)) add_buckets(m);
  if (m.truth_over_estimate) mark_estimated(m);
  if (m.unavailable.empty()) return;
  for (const MetricRow& row : metric_rows()) m.metrics[row.id].absent = m.unavailable;
}

void make_estimate(Measurement& m, const Estimate& truth_over_estimate) {
  m.truth_over_estimate = truth_over_estimate;
  mark_estimated(m);
}

std::optional<Estimate> deciding(const Measurement& m, MetricId id, double confidence) {
  if (m.lost > 0) return std::nullopt;
  const MetricRow& row = row_of(id);
  if (row.statistic == Statistic::largest || (m.stopped && m.stopped->watched == id))
    return m.metrics[id].estimate;
  const auto found =
      row.statistic == Statistic::mean
          ? as_metric(window_mean(sums(m, row.of), confidence), row)
          : percentiles_of(m, positions_of(m), std::array{row.rank}, confidence).front();
  return m.truth_over_estimate ? estimated(found, row, *m.truth_over_estimate) : found;
}

std::optional<double> smallest_detectable(const Measurement& m, MetricId id, double confidence) {
  const auto interval = deciding(m, id, confidence);
  if (!interval || !std::isfinite(interval->high - interval->low)) return std::nullopt;
  const double t =
      numeric::student_quantile(0.5 + confidence / 2, static_cast<double>(m.windows.size() - 1));
  return (interval->high - interval->low) / 2 * (1 + numeric::normal_quantile(kPower) / t);
}

std::optional<double> widening_by_neighbours(const Measurement& m) {
  const auto windows = sums(m, row_of(MetricId::kld_mean).of);
  const auto length = static_cast<std::size_t>(std::cbrt(static_cast<double>(windows.size())));
  if (length < 2 || !enough(windows.size() / length)) return std::nullopt;
  std::vector<ClusterSum> blocks(windows.size() / length);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    ClusterSum& block = blocks[std::min(i / length, blocks.size() - 1)];
    block.sum += windows[i].sum;
    block.count += windows[i].count;
  }
  const auto alone = numeric::cluster_standard_error(windows);
  const auto together = numeric::cluster_standard_error(blocks);
  if (!alone || !together || *alone <= 0) return std::nullopt;
  return *together / *alone;
}

std::optional<Estimate> kld_difference(const Measurement& a, double factor, const Measurement& b,
                                       double confidence) {
  if (a.truth_over_estimate && !b.truth_over_estimate)
    return estimate_over(a, factor, b, confidence);
  auto found = paired_mean(
      a, b, [factor](const Score& x, const Score& y) { return kld_of(x) - factor * kld_of(y); },
      confidence);
  if (found && a.truth_over_estimate) {
    const Estimate& truth = *a.truth_over_estimate;
    found->value *= truth.value;
    found->low *= found->low > 0 ? truth.low : truth.high;
    found->high *= found->high > 0 ? truth.high : truth.low;
  }
  return found;
}

std::optional<Estimate> ppl_ratio_change(const Measurement& a, const Measurement& b,
                                         double confidence) {
  const auto nll = [](const Score& x, const Score& y) { return x.nll_q - y.nll_q; };
  return transformed(paired_mean(a, b, nll, confidence), exp_minus_1);
}

Measurement unavailable(std::string why) {
  Measurement measurement;
  measurement.unavailable = std::move(why);
  summarize(measurement);
  return measurement;
}

}  // namespace qualm::evaluate
