// Tensors that were not quantized (norms, biases) show directly which model they come from.
#pragma once

#include "base/error.h"
#include "weights/origin.h"

namespace qualm::weights {

/// Adds one tensor to what is known. Equal means: to within the rounding of the coarser of the two
/// encodings. On the line: what is left beside w = b + alpha (a - b) is under 5 % of a - b (rms).
/// `base` may be null.
[[nodiscard]] Result<void> add_unquantized(const model::Tensor& candidate,
                                           const model::Tensor& fine_tune,
                                           const model::Tensor* base,
                                           UnquantizedTensors& unquantized);

}  // namespace qualm::weights
