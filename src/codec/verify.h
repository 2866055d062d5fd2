// Reads every weight of a tensor and says which rows cannot be right.
//
// Seen in broken files: blocks with a NaN or infinite scale (an overflow while quantizing, damage
// on the way), rows of zeros (a conversion that lost a part). A zero row is not wrong by itself:
// embeddings are padded with them, so a caller compares with the baseline before it accuses.
// The same holds for a long run of zeros inside of rows: a hole in a file (a download that left
// zeros) covers whole blocks, and rarely whole rows.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"

namespace qualm::codec {

/// How many rows, and the first of them by number.
struct RowList {
  static constexpr std::size_t kNamed = 16;
  std::int64_t count = 0;
  std::vector<std::int64_t> first;  ///< at most kNamed, ascending

  void add(std::int64_t row);
};

/// Weights [first, first + count) of a tensor, counted row after row.
struct WeightRun {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// Zeros in a row of which a run is told: the largest block of any scheme, so that a block which
/// rounds to zero because its neighbours are large (a sub-block of 16 or 32) is no run.
inline constexpr std::int64_t kZeroRun = 256;

struct TensorHealth {
  static constexpr std::size_t kRuns = 16;
  std::int64_t rows_read = 0;
  std::int64_t not_finite_weights = 0;
  RowList not_finite;  ///< rows with a NaN or an infinity
  RowList zero;        ///< rows of zeros; not looked for in vectors (biases may be zero)
  RowList constant;    ///< rows of one value other than zero; the same (norms may be all ones)

  std::int64_t zero_run_weights = 0;  ///< in all runs of at least kZeroRun zeros, across rows
  std::vector<WeightRun> zero_runs;   ///< the first of them, at most kRuns; not for vectors

  bool all_zero = false;  ///< vectors too
  double largest = 0;     ///< of the sizes; finite rows of a matrix alone
  std::int64_t largest_row = 0;
  double typical = 0;                 ///< median rms of the rows that are not zero
  std::int64_t neighbours = 0;        ///< pairs in a row whose first weight is not zero
  std::int64_t equal_neighbours = 0;  ///< of them

  [[nodiscard]] bool whole() const noexcept {
    return not_finite.count == 0 && zero.count == 0 && constant.count == 0;
  }
};

/// Any encoding. Errors: those of TensorData::rows; Kind::cancelled CODEC-009.
[[nodiscard]] Result<TensorHealth> verify(const model::Tensor& tensor, Progress& progress);

}  // namespace qualm::codec
