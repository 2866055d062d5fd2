#include "evaluate/metrics.h"

#include <algorithm>
#include <cmath>

#include "evaluate/window_sums.h"

namespace qualm::evaluate {
namespace {

double nll(const WindowSums& s) { return s.nll_q; }
double nll_baseline(const WindowSums& s) { return s.nll_p; }
double nll_change(const WindowSums& s) { return s.nll_q - s.nll_p; }
double kld(const WindowSums& s) { return s.kld; }
double same_top(const WindowSums& s) { return static_cast<double>(s.same_top); }
double delta_p(const WindowSums& s) { return s.delta_p; }
double delta_p_squared(const WindowSums& s) { return s.delta_p_squared; }

double exponential(double x) { return std::exp(x); }
double exponential_minus_1(double x) { return std::expm1(x); }
double root(double x) { return std::sqrt(std::max(0.0, x)); }

constexpr MetricRow percentile(MetricId id, std::string_view name, std::string_view label,
                               std::string_view meaning, double rank) {
  return {.id = id,
          .name = name,
          .label = label,
          .unit = "nat/token",
          .meaning = meaning,
          .statistic = Statistic::percentile,
          .rank = rank};
}

constexpr std::array<MetricRow, kMetricCount> kRows{{
    {.id = MetricId::ppl,
     .name = "ppl",
     .label = "perplexity",
     .unit = "1",
     .meaning = "How surprised the candidate is by the text: exp of the mean of -ln p(next token).",
     .of = nll,
     .then = exponential},
    {.id = MetricId::ppl_baseline,
     .name = "ppl_baseline",
     .label = "perplexity of the original",
     .unit = "1",
     .meaning = "The same of the original, on the same positions.",
     .of = nll_baseline,
     .then = exponential},
    {.id = MetricId::ppl_change,
     .name = "ppl_change",
     .label = "perplexity change",
     .unit = "fraction",
     .meaning = "Change of perplexity from the original to the candidate, on the same positions.",
     .of = nll_change,
     .then = exponential_minus_1,
     .is_change = true,
     .in_tables = true},
    {.id = MetricId::kld_mean,
     .name = "kld_mean",
     .label = "KLD",
     .unit = "nat/token",
     .meaning = "Mean Kullback-Leibler divergence: how far the probabilities of the next token are "
                "from the original's. 0: the same model.",
     .of = kld,
     .least = 0,
     .in_tables = true},
    percentile(MetricId::kld_median, "kld_median", "KLD, median",
               "Half of the positions have a smaller KLD.", 0.5),
    percentile(MetricId::kld_p90, "kld_p90", "KLD, 90 %",
               "90 % of the positions have a smaller KLD.", 0.9),
    percentile(MetricId::kld_p95, "kld_p95", "KLD, 95 %",
               "95 % of the positions have a smaller KLD.", 0.95),
    percentile(MetricId::kld_p99, "kld_p99", "KLD, 99 %",
               "99 % of the positions have a smaller KLD.", 0.99),
    percentile(MetricId::kld_p999, "kld_p999", "KLD, 99.9 %",
               "99.9 % of the positions have a smaller KLD.", 0.999),
    {.id = MetricId::kld_max,
     .name = "kld_max",
     .label = "KLD, largest",
     .unit = "nat/token",
     .meaning = "The largest KLD of a position that was read.",
     .statistic = Statistic::largest},
    {.id = MetricId::same_top,
     .name = "same_top",
     .label = "same top token",
     .unit = "fraction",
     .meaning = "Share of positions where both models find the same next token most likely.",
     .of = same_top,
     .least = 0,
     .most = 1,
     .in_tables = true},
    {.id = MetricId::delta_p_mean,
     .name = "delta_p_mean",
     .label = "change of p",
     .unit = "fraction",
     .meaning = "Mean change of the probability of the token that follows in the text.",
     .of = delta_p,
     .is_change = true},
    {.id = MetricId::delta_p_rms,
     .name = "delta_p_rms",
     .label = "change of p, RMS",
     .unit = "fraction",
     .meaning = "Root mean square of the change of the probability of the token that follows.",
     .of = delta_p_squared,
     .then = root},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].id != static_cast<MetricId>(i)) return false;
  return true;
}
static_assert(in_order(), "one row for each MetricId, in the order of the enum");

}  // namespace

std::span<const MetricRow> metric_rows() noexcept { return kRows; }

const MetricRow& row_of(MetricId id) noexcept { return kRows[static_cast<std::size_t>(id)]; }

std::optional<MetricId> metric_named(std::string_view name) noexcept {
  const auto row = std::ranges::find(kRows, name, &MetricRow::name);
  return row == kRows.end() ? std::nullopt : std::optional(row->id);
}

}  // namespace qualm::evaluate
