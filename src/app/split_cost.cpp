#include "app/split_cost.h"

#include <fmt/format.h>

#include <algorithm>

#include "numeric/format.h"

namespace qualm::app {
namespace {

std::string perplexity(const evaluate::Measurement& measurement, const std::string& whose) {
  const numeric::Metric& metric = measurement.metrics.at(whose);
  return metric.estimate ? numeric::format_estimate(*metric.estimate) : metric.absent;
}

}  // namespace

Result<diagnose::Evidence> split_cost(VariantLab& lab, Workbench& own) {
  const Subject baseline = lab.subject(diagnose::Case::baseline());
  const Subject candidate = lab.subject({{}, "f16", "f16"});
  QUALM_TRY(const auto on_own, own.measure(baseline, std::span(&candidate, 1), 0,
                                           std::min(kSplitWindows, own.text().count()), {}));
  const diagnose::Variant weights{{}, "f16", "f16"};
  QUALM_TRY(const auto on_baselines,
            lab.measure(diagnose::Case::baseline(), std::span(&weights, 1),
                        {0, std::min(kSplitWindows, lab.windows_total())}, {}));
  return diagnose::Evidence{
      "split_ppl", on_own.front().metrics.at("ppl").estimate, "1",
      fmt::format("Perplexity of the candidate's weights on its own splitting {}, on the "
                  "baseline's {}; of the baseline's weights {} and {}: it is the splitting.",
                  perplexity(on_own.front(), "ppl"), perplexity(on_baselines.front(), "ppl"),
                  perplexity(on_own.front(), "ppl_baseline"),
                  perplexity(on_baselines.front(), "ppl_baseline"))};
}

}  // namespace qualm::app
