// The answer of a diagnosis in one or two sentences: cause, fix and its effect.
#pragma once

#include <string>

#include "report/report.h"

namespace qualm::report {

/// "Q2_K is too aggressive for this model: it causes 93 % of the loss. Use Q4_K_M (weights from
/// 2.69 MB to 3.74 MB): KLD 0.061 -> 0.009, same top token 77 % -> 91 %."
[[nodiscard]] std::string summary(const DiagnoseReport& report);

}  // namespace qualm::report
