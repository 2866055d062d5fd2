// Finds damaged weights: reads every weight, and compares suspicious ones with the original before
// it reports them.
//
// Wrong by themselves: a NaN or an infinity, a weight thousands of times its matrix's rms, packed
// words of one value, a matrix or norm of zeros, a run of zeros that starts inside one row and
// covers other rows. Other zeros and rows of one value may be meant (padded embeddings, pruned
// weights): they are damage where the original has something else there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"

namespace qualm::weights {

struct IntegrityFault {
  enum class Kind {
    not_finite,
    zeros,
    constant,    ///< rows of one value
    too_large,   ///< a weight that no training makes
    few_values,  ///< neighbours are equal: packed words of one value
  };
  Kind kind = Kind::not_finite;
  std::string tensor;
  std::int64_t row = 0;      ///< the first one
  std::int64_t rows = 0;     ///< constant: how many; else 0
  std::int64_t weights = 0;  ///< damaged ones in the tensor; zeros: in the runs that were judged
  bool whole = false;        ///< zeros: the tensor is nothing else
  bool of_original = false;  ///< the original has something else there
  double times = 0;          ///< too_large: its matrix's rms; few_values: share of equal neighbours
};

struct IntegrityReport {
  std::vector<IntegrityFault> found;  ///< in the order of the file
  std::vector<IntegrityFault>
      unjudged;                       ///< zeros and constants that no original was there to judge
  std::vector<std::string> not_read;  ///< tensors that no decoder here can read, with the reason
  std::int64_t weights_read = 0;
};

/// Reads the candidate on `threads` threads, and those tensors of the original (`baseline`) that
/// look suspicious; it may be null. Error: Kind::cancelled CODEC-009.
[[nodiscard]] Result<IntegrityReport> check_integrity(const model::Checkpoint& candidate,
                                                      const model::Checkpoint* baseline,
                                                      std::int32_t threads, Progress& progress);

}  // namespace qualm::weights
