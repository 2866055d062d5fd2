// Matrices that are not the original's while the rest of the model is: a conversion that exchanged
// or reordered tensors, a file put together wrongly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::weights {

/// How a tensor differs from what the original has in its place.
struct Mismatch {
  enum class Kind {
    unknown,            ///< it is found nowhere in the original
    other_tensor,       ///< the original's tensor `other`
    row_order,          ///< the original's rows in another order
    shifted,            ///< `number` added to every value
    scaled,             ///< times `number`
    rows_overwritten,   ///< rows `first_row` to `last_row`; the rest is the original's
    experts_exchanged,  ///< the two of `experts`
    expert_order,       ///< `experts` are the original's in another order
    experts_unknown,    ///< `experts` are found nowhere in it
    not_scaled,  ///< AWQ's scales are in the norm `other` that feeds it, and not in its columns
    other_norm,  ///< its columns were scaled, and `other`, which does not feed it, was divided
  };
  Kind kind = Kind::unknown;
  /// Share of the tensor's squares that the original's tensor in its place does not explain.
  /// rows_overwritten: of the first of these rows. A norm: squared distance over the original's
  /// squares.
  std::optional<double> residual_share = std::nullopt;
  std::string other = {};
  double number = 0;
  std::int64_t first_row = 0;
  std::int64_t last_row = 0;
  std::vector<std::int64_t> experts = {};
  double usual_share = 0;  ///< residual share of the rows that were not overwritten
};

struct MismatchedTensor {
  std::string tensor;
  Mismatch mismatch = {};
};

/// Tensors of one kind that are not what the original has in their place.
struct Suspects {
  struct One {
    const model::Tensor* tensor = nullptr;
    double residual_share = 0;
    /// It differs by more than fine-tuning can cause. If false, it is a fault only if the tensor is
    /// found in another place.
    bool far = true;
  };
  std::vector<One> all;
  std::int64_t of = 0;  ///< tensors of that kind
};

/// Those that are a fault of the file: what is found elsewhere in the original (exchanged, rows in
/// another order, shifted or scaled). Any number of these, and a few unknown ones. Many unknown
/// ones mean another model, so they are left out. Errors: those of TensorData::rows.
[[nodiscard]] Result<std::vector<MismatchedTensor>> mismatched_among(
    const Suspects& suspects, const model::Checkpoint& original);

}  // namespace qualm::weights
