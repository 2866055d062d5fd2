// The metrics of a measurement, one row each. To add a metric, add its id here and its row
// in metrics.cpp: the summary, --fail-if, JSON, text, Markdown, `qualm explain` and the schema read
// the table.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "numeric/estimate.h"

namespace qualm::evaluate {

struct WindowSums;

/// In the order of reports.
enum class MetricId : std::size_t {
  ppl,
  ppl_baseline,
  ppl_change,
  kld_mean,
  kld_median,
  kld_p90,
  kld_p95,
  kld_p99,
  kld_p999,
  kld_max,
  same_top,
  delta_p_mean,
  delta_p_rms,
};
inline constexpr std::size_t kMetricCount = static_cast<std::size_t>(MetricId::delta_p_rms) + 1;

/// What is computed of all scored positions.
enum class Statistic {
  mean,        ///< cluster-robust over windows
  percentile,  ///< bootstrap over windows
  largest,     ///< of what was read, exactly: no interval
};

struct MetricRow {
  MetricId id;
  std::string_view name;     ///< in JSON and in --fail-if: "kld_mean"
  std::string_view label;    ///< on screen: "KLD"
  std::string_view unit;     ///< "nat/token", "1", "fraction"
  std::string_view meaning;  ///< one sentence
  Statistic statistic = Statistic::mean;
  double (*of)(const WindowSums&) = nullptr;  ///< of a mean: its sum over a window
  double (*then)(double) = nullptr;           ///< of mean and interval; null: as they are
  double rank = 0;                            ///< of a percentile: its level, 0.99
  double least = -1e300;                      ///< smallest possible value; intervals are cut there
  double most = 1e300;                        ///< largest one
  bool is_change = false;  ///< against the original: 0 is "the same", and a sign is shown
  bool in_tables = false;  ///< one of the few that every table shows
};

[[nodiscard]] std::span<const MetricRow> metric_rows() noexcept;
[[nodiscard]] const MetricRow& row_of(MetricId id) noexcept;
[[nodiscard]] std::optional<MetricId> metric_named(std::string_view name) noexcept;

/// A value for each metric; all are there, some with the reason why they are not known.
class Metrics {
 public:
  [[nodiscard]] const numeric::Metric& operator[](MetricId id) const noexcept {
    return values_[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] numeric::Metric& operator[](MetricId id) noexcept {
    return values_[static_cast<std::size_t>(id)];
  }

 private:
  std::array<numeric::Metric, kMetricCount> values_{};
};

}  // namespace qualm::evaluate
