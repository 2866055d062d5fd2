#include "experiment/split_cost.h"

#include <algorithm>

namespace qualm::experiment {

using evaluate::MetricId;

Result<SplitCost> split_cost(Runner& runner, MeasuredText& own) {
  const ModelRun original = runner.run_of(with_f16_cache(baseline_weights()));
  const Variant weights = with_f16_cache({});
  const ModelRun candidate = runner.run_of(weights);
  QUALM_TRY(const auto on_own, own.measure(original, std::span(&candidate, 1), 0,
                                           std::min(kSplitWindows, own.windows().count()), {}));
  const std::int32_t total = runner.texts().front().windows;
  QUALM_TRY(const auto on_originals,
            runner.measure(with_f16_cache(baseline_weights()), std::span(&weights, 1),
                           {0, std::min(kSplitWindows, total)}, {}));
  const auto& theirs = on_originals.front().metrics;
  const auto& ours = on_own.front().metrics;
  return SplitCost{ours[MetricId::ppl], theirs[MetricId::ppl], ours[MetricId::ppl_baseline],
                   theirs[MetricId::ppl_baseline]};
}

}  // namespace qualm::experiment
