#include "diagnose/lines.h"

#include "evaluate/summary.h"

namespace qualm::diagnose {

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
  const auto it = measured.metrics.find("ppl_change");
  const Side by_ppl =
      it == measured.metrics.end() ? Side::not_separated : side_of(it->second, kPplLine);
  const Side by_kld = kld_against(measured, kFloorFactor, floor);
  if (by_ppl == Side::above || by_kld == Side::above) return Side::above;
  // A kld under the floor's line clears weights whose perplexity a short text cannot separate from
  // 1 %.
  return by_kld == Side::below ? Side::below : Side::not_separated;
}

}  // namespace qualm::diagnose
