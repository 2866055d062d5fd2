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

/// An expert that is no rounding of the original's in its place.
struct SuspectExpert {
  std::int64_t at = 0;
  bool far = false;  ///< most of it is not the original's; else they are alike, as experts that
                     ///< were copied from one matrix and trained on are
};

/// Cluster i begins at row firsts[i].
[[nodiscard]] std::vector<SuspectExpert> suspect_experts(const model::Tensor& tensor,
                                                         std::span<const RegressionSums> clusters,
                                                         std::span<const std::int64_t> firsts);

/// What the suspects hold. Absent where none of them is found elsewhere and none is far, or where
/// all are suspect: the tensor as a whole is another one. Errors: those of TensorData::rows.
[[nodiscard]] Result<std::optional<Mismatch>> mismatched_experts(
    const model::Tensor& tensor, const model::Tensor& original,
    const std::vector<SuspectExpert>& suspects);

}  // namespace qualm::weights
