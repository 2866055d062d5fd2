// Sums over pairs of weights from which every figure of a comparison follows.
//
// w is the candidate's weight, b the original's (in regression.h b is the base model's), e = w - b.
// All weights are read, so the figures are exact and have no interval. Sums of disjoint sets of
// weights add up.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace qualm::weights {

/// A figure, or the reason why there is none.
using Figure = std::expected<double, std::string>;

struct ErrorSums {
  std::int64_t weights = 0;  ///< pairs in the sums
  std::int64_t skipped = 0;  ///< pairs in none: NaN or infinite on one side
  double error = 0;          ///< sum e^2
  double model = 0;          ///< sum w^2
  double baseline = 0;       ///< sum b^2
  double product = 0;        ///< sum w b
  double max_error = 0;      ///< max |e|
  std::int64_t max_row = -1;
  std::int64_t max_column = -1;
  std::int64_t gridded = 0;  ///< pairs whose w lies on a grid of known step
  std::int64_t within = 0;   ///< of them, those with |e| <= step / 2

  /// One row. `steps` is empty, or has the step of w's grid for each weight. 2^-11 |w| is added
  /// to half a step, because the file stores the step in float16, and rounding used a more exact
  /// one.
  void add_row(std::int64_t row, std::span<const float> w, std::span<const float> b,
               std::span<const float> steps);
  /// Pairs that come after these: of equal largest errors the first stays.
  void merge(const ErrorSums& next);
};

/// sqrt(sum e^2 / sum b^2).
[[nodiscard]] Figure relative_error(const ErrorSums& sums);
/// 10 log10(sum b^2 / sum e^2). Absent for an error of 0.
[[nodiscard]] Figure sqnr_db(const ErrorSums& sums);
/// sum w b / sqrt(sum w^2 sum b^2).
[[nodiscard]] Figure cosine(const ErrorSums& sums);
/// Share of the weights on a known grid that lie within half a step of the baseline's: near 1 for
/// plain rounding of it. Absent where no step is known.
[[nodiscard]] Figure within_half_step(const ErrorSums& sums);
/// log2(sum b^2 / sum e^2) / 2: the bits per weight that an ideal code for normally distributed
/// weights needs for this error (Cover and Thomas, Elements of Information Theory, 10.3.2). Absent
/// for an error of 0.
[[nodiscard]] Figure effective_bits(const ErrorSums& sums);

}  // namespace qualm::weights
