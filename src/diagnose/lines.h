// Where a loss begins to matter. Each line is measured on the same windows as what it judges.
//
// - 1 % of perplexity is the measurable line of the guide.
// - The floor tier of the guide, Q4_K_M, made here from the baseline, sets the line in kld: weights
// are
//   below the floor when they lose more than 1.5 times what Q4_K_M loses.
// - A cache is meant to be free: it is too hard when it costs more than the whole step from the
//   baseline to Q5_K_M.
#pragma once

#include "evaluate/measurement.h"
#include "numeric/estimate.h"

namespace qualm::diagnose {

inline constexpr double kPplLine = 0.01;     ///< fraction
inline constexpr double kFloorFactor = 1.5;  ///< times the floor tier's kld
inline constexpr const char* kFloorMix = "Q4_K_M";
inline constexpr const char* kCacheLineMix = "Q5_K_M";

enum class Side { below, above, not_separated };

/// Which side of the line the interval lies on; not separated where it spans it or is absent.
[[nodiscard]] Side side_of(const numeric::Metric& metric, double line);

/// Where kld(a) lies against factor * kld(b), paired by window.
[[nodiscard]] Side kld_against(const evaluate::Measurement& a, double factor,
                               const evaluate::Measurement& b);

/// The verdict on weights: above where ppl_change or kld is over its line, below where neither can
/// be.
[[nodiscard]] Side harm(const evaluate::Measurement& measured, const evaluate::Measurement& floor);

}  // namespace qualm::diagnose
