// Matrices that are not the baseline's while the rest of the model is: a conversion that exchanged
// or reordered tensors, a file put together wrongly.
#pragma once

#include <string>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::compare {

/// Where a strange tensor comes from, in words that follow: another tensor of `model`, its own rows
/// in another order; empty where that is not known. Errors: those of TensorData::rows.
[[nodiscard]] Result<std::string> whose(const model::Tensor& strange,
                                        const model::Checkpoint& model);

}  // namespace qualm::compare
