#include "diagnose/loss.h"

#include <fmt/format.h>

#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::MetricId;

std::string shown(MetricId id, const numeric::Metric& metric) {
  if (!metric.estimate) return metric.absent.empty() ? "not measured" : metric.absent;
  return numeric::format_estimate(*metric.estimate, {.percent = metric.unit == "fraction",
                                                     .change = evaluate::row_of(id).is_change});
}

}  // namespace

Side side_of(const numeric::Metric& metric, double line) {
  if (!metric.estimate) return Side::not_separated;
  if (metric.estimate->low > line) return Side::above;
  return metric.estimate->high < line ? Side::below : Side::not_separated;
}

Side kld_against(const evaluate::Measurement& a, double factor, const evaluate::Measurement& b) {
  const auto difference = evaluate::kld_difference(a, factor, b);
  if (!difference) return Side::not_separated;
  if (difference->low > 0) return Side::above;
  return difference->high <= 0 ? Side::below : Side::not_separated;
}

Side harm(const evaluate::Measurement& measured, const evaluate::Measurement& floor) {
  const Side by_ppl = side_of(measured.metrics[MetricId::ppl_change], kPplLine);
  const Side by_kld = kld_against(measured, kFloorFactor, floor);
  if (by_ppl == Side::above || by_kld == Side::above) return Side::above;
  // A KLD under the line clears weights whose perplexity a short text cannot separate from 1 %.
  return by_kld == Side::below ? Side::below : Side::not_separated;
}

std::string loss_in_words(const evaluate::Measurement& measurement) {
  const auto& metrics = measurement.metrics;
  const numeric::Metric& kld = metrics[MetricId::kld_mean];
  if (!kld.estimate && !kld.absent.empty() && kld.absent == metrics[MetricId::ppl_change].absent)
    return "not measured: " + kld.absent;
  return fmt::format("perplexity {}, KLD {}",
                     shown(MetricId::ppl_change, metrics[MetricId::ppl_change]),
                     shown(MetricId::kld_mean, metrics[MetricId::kld_mean]));
}

Evidence metric_evidence(const std::string& name, const evaluate::Measurement& measurement,
                         MetricId id, const std::string& says) {
  const numeric::Metric& metric = measurement.metrics[id];
  return {name, metric.estimate, metric.unit, fmt::format("{}: {}", says, shown(id, metric))};
}

Evidence quantization_error_evidence(const std::string& name,
                                     const weights::QuantizationError& error,
                                     const std::string& says) {
  const numeric::Metric relative = error.estimate();
  if (!relative.estimate)
    return {name, std::nullopt, relative.unit,
            fmt::format("{}: quantization error not estimated, {}", says, relative.absent)};
  return {name, relative.estimate, relative.unit,
          fmt::format("{}: quantization error {} of the weights' RMS (estimated from the steps in "
                      "the file)",
                      says, numeric::format_estimate(*relative.estimate, {.percent = true}))};
}

}  // namespace qualm::diagnose
