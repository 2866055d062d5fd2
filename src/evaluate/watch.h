// Watches one candidate's windows and says when its question is answered.
#pragma once

#include <cstdint>
#include <optional>

#include "evaluate/measurement.h"
#include "numeric/level.h"
#include "numeric/sequence.h"

namespace qualm::evaluate {

class Follower;  // follower.h

/// When a candidate needs no more windows: the interval of `quantity` lies on one side of
/// `threshold`. Earliest after one window of each part of the text (kStrata); below the threshold
/// after two of each. A lost position ends the reading after kFewestClusters windows.
struct StopRule {
  enum class Quantity { never, ppl_change, kld_mean };
  Quantity quantity = Quantity::never;
  double threshold = 0;       ///< fraction for ppl_change, nat/token for kld_mean
  std::int64_t at_least = 0;  ///< windows, whatever the sequence says
  /// Of the decision: diagnose::kCheckConfidence where it is one check of a verdict.
  double confidence = numeric::kConfidence;
  Follower* follower = nullptr;  ///< may end the reading, decided or not; borrowed
};

/// Of its positions; absent where none is finite: that is no evidence of no loss.
[[nodiscard]] std::optional<double> window_mean(const WindowScores& window,
                                                StopRule::Quantity quantity);

/// One candidate's way to a decision.
class Watch {
 public:
  Watch(const StopRule& rule, std::int64_t strata)
      : rule_(rule), strata_(strata), sequence_(rule.confidence) {}

  void add(const WindowScores& window);
  [[nodiscard]] bool decided() const;
  /// What is known of the quantity, where that decides.
  [[nodiscard]] std::optional<Stopped> stopped() const;

 private:
  [[nodiscard]] bool watches_ppl() const noexcept {
    return rule_.quantity == StopRule::Quantity::ppl_change;
  }
  [[nodiscard]] std::optional<numeric::Estimate> interval() const;

  StopRule rule_;
  std::int64_t strata_;
  numeric::ConfidenceSequence sequence_;
  std::int64_t windows_ = 0;
  bool lost_ = false;
};

}  // namespace qualm::evaluate
