// What is kept of the original against the original itself, on the first windows that it runs.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "evaluate/measurement.h"
#include "evaluate/original_side.h"
#include "numeric/cluster.h"

namespace qualm::evaluate {

/// Windows on which a candidate is also scored exactly.
inline constexpr std::int32_t kCheckedWindows = 2;

/// The logits of one call. Both are borrowed: no row is copied.
struct ExactRows {
  std::span<const float> p;  ///< the original's; empty where it did not run
  std::span<const float> q;  ///< the candidate's
  std::int64_t vocab_size = 0;
};

/// Of one candidate.
class KeptCheck {
 public:
  /// `estimated`: the scores of the call by what is kept.
  void add(const Call& call, const ExactRows& rows, std::span<const Score> estimated,
           std::int32_t threads);
  /// Absent where no position was scored in both ways.
  [[nodiscard]] std::optional<KeptError> error() const;

 private:
  friend std::optional<KeptError> kept_error(std::span<const WindowScores> exact,
                                             std::span<const WindowScores> estimated);
  /// Both scores of the same positions.
  void add(std::span<const Score> exact, std::span<const Score> estimated);
  /// How many scores of the call are of windows that are checked: the first ones.
  [[nodiscard]] std::size_t admitted(const Call& call);

  std::set<std::int32_t> windows_;
  double exact_ = 0;  ///< sum over positions, likewise the next
  double estimated_ = 0;
  std::vector<numeric::ClusterSum> differences_;  ///< one for each position
};

/// The same from scores at hand, of the same windows in the same order.
[[nodiscard]] std::optional<KeptError> kept_error(std::span<const WindowScores> exact,
                                                  std::span<const WindowScores> estimated);

}  // namespace qualm::evaluate
