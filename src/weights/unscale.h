// Undoes scales that a quantizer folded from one tensor into another, before tensors are compared.
//
// AutoAWQ (and others after it) multiplies a linear's input columns by s and divides what produces
// this input by s:
//
// (1) norm' = norm / s      attn_q, _k, _v, ffn_gate, ffn_up, router, experts: columns * s
// (2) up' = up / s (rows)   ffn_down: columns * s
// (3) v' = v / s (rows)     attn_output: columns * s
//
// s of (1) is norm / norm', elementwise (codec/smoothing.h). A fine-tune also changes norms, and
// the file does not say which happened. So it is tested: scales are undone if this takes away a
// quarter of the squared distance from the original, on a sample of rows. s of (2) and (3) is not
// stored. It is fitted: the least-squares ratio of each row, undone where this takes away half. (3)
// occurs only where v has as many rows as attn_output has columns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"
#include "weights/mismatched_tensors.h"

namespace qualm::weights {

/// Factors that bring a model's tensor to the original's scale; empty: none. NaN where a column's
/// scale is not known: it cannot be compared.
struct Factors {
  std::vector<float> columns;
  std::vector<float> rows;
  bool estimated = false;  ///< some come from the weights themselves: equal up to scale per channel
};

using Unscaling = std::map<std::string, Factors, std::less<>>;

/// By tensor name; empty where nothing was folded. Errors: those of TensorData::rows.
/// `mismatched` gets the tensors that were left out of a scale, or scaled for a norm that does not
/// feed them; it may be null.
[[nodiscard]] Result<Unscaling> find_unscaling(const model::Checkpoint& model,
                                               const model::Checkpoint& original,
                                               std::vector<MismatchedTensor>* mismatched = nullptr);

/// Multiplies `values`, rows [first, ...) of the tensor, in place.
void apply(const Factors& factors, std::int64_t first, std::int64_t row_length,
           std::span<float> values);

}  // namespace qualm::weights
