// The error of each tensor beside what its type costs: where in the file the error is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"
#include "model/tensor_class.h"
#include "weights/comparison.h"

namespace qualm::weights {

struct TensorError {
  std::string name;
  model::TensorClass tensor_class = model::TensorClass::other;
  std::optional<std::int64_t> layer;
  std::string encoding;
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;
  std::optional<double> error;   ///< sqrt(sum e^2 / sum w^2); absent where it is not known
  std::optional<double> excess;  ///< that error over what the type costs; needs the original
};

struct WeightMap {
  bool against_original = false;     ///< else the errors are what the types cost (surrogate.h)
  std::vector<TensorError> tensors;  ///< in the file's order
};

/// With an original all weights are read, else a sample of the rows of each matrix. `threads`: 0
/// for all cores. Errors: those of compare().
[[nodiscard]] Result<WeightMap> map_weights(const model::Checkpoint& candidate,
                                            const model::Checkpoint* original, int threads,
                                            Progress& progress);
/// The same of a comparison that is there.
[[nodiscard]] WeightMap map_weights(const model::Checkpoint& candidate,
                                    const WeightComparison& compared);

}  // namespace qualm::weights
