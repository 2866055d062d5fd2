// Experts of a stack compared one by one: exchanged ones are a small part of their tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"
#include "weights/mismatched_tensors.h"
#include "weights/regression.h"

namespace qualm::weights {

/// Matrices that lie one behind the other in a tensor; 1 where it is no stack.
[[nodiscard]] std::int64_t experts_of(const model::Tensor& tensor) noexcept;

/// Experts that are no rounding of the original's in their place. Cluster i begins at row
/// firsts[i].
[[nodiscard]] std::vector<std::int64_t> suspect_experts(const model::Tensor& tensor,
                                                        std::span<const RegressionSums> clusters,
                                                        std::span<const std::int64_t> firsts);

/// What the suspects hold. Absent where all experts are suspect and none is found: the tensor as a
/// whole is another one. Errors: those of TensorData::rows.
[[nodiscard]] Result<std::optional<Mismatch>> mismatched_experts(
    const model::Tensor& tensor, const model::Tensor& original,
    const std::vector<std::int64_t>& suspects);

}  // namespace qualm::weights
