// Matrices that are not the baseline's while the rest of the model is: a conversion that exchanged
// or reordered tensors, a file put together wrongly.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::weights {

struct MismatchedTensor {
  std::string tensor;
  std::string says;  ///< how much of it is unexplained, and whose it seems to be
};

inline constexpr double kMostMismatched = 0.25;  ///< of the tensors; more: another model

/// Tensors of one kind that are not what the baseline has in their place.
struct Suspects {
  struct One {
    const model::Tensor* tensor = nullptr;
    std::string says;
    bool far = true;  ///< off by more than tuning does; else a fault only if found elsewhere
  };
  std::vector<One> all;
  std::int64_t of = 0;  ///< tensors of that kind
};

/// Those that are a fault of the file: what is found elsewhere in `model` (exchanged, rows in
/// another order, shifted or scaled), whatever their number; of unknown ones a few. Many unknown
/// ones are another model's and left out. Errors: those of TensorData::rows.
[[nodiscard]] Result<std::vector<MismatchedTensor>> mismatched_among(
    const Suspects& suspects, const model::Checkpoint& model);

}  // namespace qualm::weights
