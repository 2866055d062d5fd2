// What a candidate loses by splitting text otherwise than its baseline does: its own perplexity on
// either splitting, beside that of the baseline's weights.
#pragma once

#include "app/variant_lab.h"
#include "app/workbench.h"
#include "diagnose/case.h"

namespace qualm::app {

/// Windows of each splitting that are read.
inline constexpr std::int32_t kSplitWindows = 16;

/// Evidence for check 0. Perplexities are for one token, and the splittings have different tokens:
/// the figures show that the weights do not tell the two apart, not by how much a text is worse.
/// `own` and `lab` read the same text, split by the candidate and by the baseline.
[[nodiscard]] Result<diagnose::Evidence> split_cost(VariantLab& lab, Workbench& own);

}  // namespace qualm::app
