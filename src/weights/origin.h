// Which model is this a quant of: the original A (here called the fine-tune; the baseline of other
// folders), the base model B that A was tuned from, or neither?
//
// Three tests without a forward pass (docs/reports.md, Whose weights):
//  - tensors of one row that were not quantized (norms, biases): equal to A's, to B's, on the line
//    between, or off it;
//  - where the step of the encoding is known: the share of weights within half a step of A's, of
//    B's, and how the residual compares with the noise of rounding, step^2 / 12;
//  - alpha of the joint regression (regression.h), pooled over the quantized matrices: 1 for A, 0
//    for B, between for a merge.
// Rows of large tensors are sampled, evenly and always the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"
#include "numeric/estimate.h"
#include "weights/differing.h"
#include "weights/mismatched_tensors.h"

namespace qualm::weights {

enum class Origin {
  fine_tune,  ///< A; where no B was given: weights and norms are roundings of A's
  base,       ///< B
  merge,      ///< A and B mixed, or A's change taken more than once
  neither,    ///< weights that the two do not explain
  cannot_tell,
};
[[nodiscard]] std::string_view to_string(Origin origin) noexcept;

/// An unquantized tensor that is of neither model.
struct OffTensor {
  std::string name;
  double share = 0;  ///< squared distance from A's over A's squares
};

/// Unquantized tensors of one row, by whose they are.
struct UnquantizedTensors {
  std::int64_t same = 0;       ///< equal to A's and to B's: tells nothing (without B: equal to A's)
  std::int64_t fine_tune = 0;  ///< equal to A's only
  std::int64_t base = 0;       ///< equal to B's only
  std::int64_t between = 0;    ///< on the line through both, at `alpha`
  std::int64_t neither = 0;
  std::vector<OffTensor> off;   ///< those of `neither`, before some are found mismatched
  std::optional<double> alpha;  ///< of those between, by least squares
  [[nodiscard]] std::int64_t count() const noexcept {
    return same + fine_tune + base + between + neither;
  }
};

/// One quantized matrix.
struct TensorOrigin {
  std::string name;
  std::string encoding;
  std::int64_t rows = 0;
  std::int64_t rows_read = 0;
  std::optional<numeric::Estimate> alpha;
  double gain = 0;                           ///< c: below 1 where the quantizer shrinks
  double residual_share = 0;                 ///< of the squares of its weights, what the fit leaves
  std::optional<double> residual_over_step;  ///< of its squares, over step^2 / 12
  std::optional<double> within;              ///< share within half a step of A's
  std::optional<bool> differs;               ///< no rounding of A's; absent: not judged
};

struct Provenance {
  Origin origin = Origin::cannot_tell;
  Origin by_matrices = Origin::cannot_tell;     ///< what the matrices say by themselves
  Origin by_unquantized = Origin::cannot_tell;  ///< what the unquantized tensors say
  bool base_given = false;
  std::optional<numeric::Estimate> alpha;  ///< pooled
  double chi2_per_df = 0;                  ///< over 1: the matrices disagree on alpha
  std::int64_t alpha_tensors = 0;          ///< that alpha comes from
  std::optional<double> delta;             ///< rms of A - B over rms of B
  /// The smallest delta with which this test could still tell A and B apart (four standard errors).
  std::optional<double> smallest_delta;
  std::optional<double> residual_share;  ///< as in TensorOrigin, over all matrices
  std::optional<double> residual_over_step;
  std::optional<numeric::Estimate> within_fine_tune;  ///< share within half a step
  std::optional<numeric::Estimate> within_base;
  std::optional<numeric::Estimate> within_difference;  ///< the first less the second, paired
  UnquantizedTensors unquantized;
  /// Tensors that were unscaled, or could not be compared because of folded scales.
  std::int64_t unscaled = 0;
  std::vector<TensorOrigin> tensors;
  std::optional<Differing> differing;        ///< of these: no roundings of A's
  std::vector<MismatchedTensor> mismatched;  ///< they are in no figure above
};

/// `base` may be null: then it only tells whether the candidate was made from the fine-tune.
/// Errors: those of TensorData::rows; COMPARE-001 (cancelled), COMPARE-002.
[[nodiscard]] Result<Provenance> provenance(const model::Checkpoint& candidate,
                                            const model::Checkpoint& fine_tune,
                                            const model::Checkpoint* base, int threads,
                                            Progress& progress);

/// More is left than rounding can explain. Types with few values, such as TQ1_0, leave half of the
/// squares unexplained; their step shows that this is normal.
[[nodiscard]] bool more_than_rounding(double residual_share,
                                      std::optional<double> residual_over_step);

/// Sets the three `Origin` fields from the other fields. This pure function makes the whole
/// decision.
void decide(Provenance& found);

}  // namespace qualm::weights
