// What one paired evaluation of a candidate against a baseline found.
//
// Definitions and units: docs/statistics.md. All logarithms natural.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "evaluate/window_sums.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

/// One scored position: P is the baseline's distribution, Q the candidate's, x the token that
/// follows.
struct Score {
  double nll_p = 0;      ///< -ln P(x)
  double nll_q = 0;      ///< -ln Q(x)
  float kld = 0;         ///< sum P ln(P/Q), nat; >= 0 but where it is estimated (kept_rows.h)
  float delta_p = 0;     ///< Q(x) - P(x), fraction
  float confidence = 0;  ///< max P
  std::int32_t position = 0;
  bool same_top = false;
  bool finite = true;  ///< false: a logit was NaN or infinite; the other fields are then 0
  bool lost = false;   ///< the candidate's logits are not finite here, but the baseline's are
};

/// The scores of one window; `window` is its index in the text.
struct WindowScores {
  std::int32_t window = 0;
  std::vector<Score> scores;
  /// In place of the scores, where a report tells only these.
  std::optional<WindowSums> sums = std::nullopt;
};

/// kld by a property of the position: `[low, high)` of the property.
struct Bucket {
  double low = 0;
  double high = 0;
  std::int64_t tokens = 0;
  numeric::Metric kld_mean;
  numeric::Metric ppl_change;
};

/// The quantity by which reading stopped, and what is known of it then.
struct Stopped {
  MetricId watched = MetricId::kld_mean;
  numeric::Estimate interval;  ///< the confidence sequence's, at the level of the rule
};

/// The mean KLD by what is kept of the original (kept_rows.h) beside the exact one, on windows
/// where both were known.
struct KeptError {
  std::int64_t windows = 0;
  double exact = 0;      ///< nat/token
  double estimated = 0;  ///< likewise
  /// estimated - exact; its interval is over positions, whose draws are independent.
  numeric::Metric difference;
};

struct Measurement {
  std::vector<WindowScores> windows;  ///< in text order, those that were read
  std::int64_t windows_total = 0;     ///< in the text under these settings
  bool stopped_early = false;         ///< the answer was certain before the end of the text
  /// Where it stopped early by an interval: a fixed-n interval would cover far less than it says.
  std::optional<Stopped> stopped = std::nullopt;
  /// In place of the original there was a surrogate (weights/surrogate.h): the truth over such an
  /// estimate, KLD over KLD. Then KLD is an estimate, and so is same_top; no other metric is known.
  std::optional<numeric::Estimate> truth_over_estimate = std::nullopt;
  /// Of a candidate that is asked (asked.h): a lower bound of the mean KLD, absent of all others.
  std::optional<numeric::Metric> kld_at_least = std::nullopt;
  std::string cut_off;      ///< why its server answered no more, after these windows; or empty
  bool cancelled = false;   ///< the user stopped it: what is here is finished and whole
  std::string unavailable;  ///< why it could not be run: no metric is there then
  std::int64_t tokens_scored = 0;
  std::int64_t not_finite = 0;  ///< positions with NaN or infinite logits; they are in no metric
  std::int64_t lost = 0;        ///< of them, those where the baseline's logits are finite
  /// Absent where no window of the original was run for this, or it ran beside the candidate.
  std::optional<KeptError> kept_error = std::nullopt;

  Metrics metrics;  ///< fractions, not percent
  /// By ranges of positions; each is twice as long as the one before.
  std::vector<Bucket> by_position;
  std::vector<Bucket> by_confidence;  ///< max P in five equal buckets
};

}  // namespace qualm::evaluate
