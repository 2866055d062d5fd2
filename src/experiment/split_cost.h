// Perplexities where the candidate splits text into other tokens than its original does.
#pragma once

#include "experiment/measured_text.h"
#include "experiment/runner.h"
#include "numeric/estimate.h"

namespace qualm::experiment {

/// Windows of each splitting that are read.
inline constexpr std::int32_t kSplitWindows = 16;

/// Perplexities of both weights on both splittings, F16 cache. They are per token, and the
/// two tokenizers give different tokens. So they do not show how much worse a text gets.
struct SplitCost {
  numeric::Metric candidate_on_own;
  numeric::Metric candidate_on_originals;
  numeric::Metric original_on_candidates;
  numeric::Metric original_on_own;
};

/// `own` is the first text of `runner`, split by the candidate's tokenizer.
[[nodiscard]] Result<SplitCost> split_cost(Runner& runner, MeasuredText& own);

}  // namespace qualm::experiment
