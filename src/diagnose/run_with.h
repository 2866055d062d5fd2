// What the runtime is told beside the model: an adapter, sampler settings. Both change answers, and
// no bit of the weights is their cause.
#pragma once

#include "diagnose/facts.h"
#include "diagnose/file_findings.h"

namespace qualm::diagnose {

/// Temperature: sampled text loses the thread from about here on, whatever the model. Chosen;
/// llama.cpp's default is 0.8, model cards ask for 0.6 to 1.
inline constexpr double kHot = 1.5;
/// Repeat penalty: over it an answer may not use the words it has to repeat. CTRL (Keskar et al.
/// 2019), which introduced it, uses 1.2; llama.cpp's default is 1, none.
inline constexpr double kHardPenalty = 1.3;

void add_run_with(const Given& given, FileFindings& found);

}  // namespace qualm::diagnose
