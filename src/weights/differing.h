// Matrices that were not rounded from the original's, although the norm tensors may be equal: a
// LoRA that was not merged, another merge, a quant of a quant.
//
// Each matrix is judged alone: by the share of weights within half a step of the original's,
// against what its type leaves (kLeftByType); or by the residual over step^2 / 12, where a scheme
// moves the error of one weight to others (GPTQ, EXL2). Matrices of one class that differ are
// reported in one sentence.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::weights {

struct TensorOrigin;

/// The matrices of one class, as far as they could be judged.
struct DifferingClass {
  std::string name;  ///< "attn_q"
  std::int64_t differ = 0;
  std::int64_t of = 0;
  std::int64_t in_layers = 0;        ///< that have such a matrix
  std::vector<std::int64_t> layers;  ///< in which one differs; empty: all have one
  std::optional<double> within;      ///< mean share within half a step, of those that differ
};

struct Differing {
  std::vector<DifferingClass> classes;     ///< with any that differ, in the order of the model
  std::int64_t matrices = 0;               ///< that differ
  std::int64_t of = 0;                     ///< that could be judged
  std::optional<double> within;            ///< mean share of those that differ
  std::optional<double> within_elsewhere;  ///< of the others
  std::optional<double> left_by_type;      ///< what their types leave: the mean
  bool all_of_layers = false;              ///< every matrix that stands in a layer differs
  bool same_share = false;  ///< all differ by the same part of their size, as after a quantizer
  bool other_grid = false;  ///< neighbouring weights take few values: they were quantized before
  /// Every matrix of the layers differs in a way that a quantizer does.
  [[nodiscard]] bool quant_of_quant() const noexcept;
};

/// Absent where it cannot be judged: no step is known, or the original is quantized itself.
/// `left`: the share that rounding leaves within half a step in this matrix, where it is known.
[[nodiscard]] std::optional<bool> differs(const TensorOrigin& tensor,
                                          const model::Encoding& encoding,
                                          const model::Encoding& original,
                                          std::optional<double> left = {});

/// Share within half a step that rounding rows of the original to the nearest leaves; absent where
/// that cannot be done.
[[nodiscard]] Result<std::optional<double>> left_by_rounding(const model::Tensor& tensor,
                                                             const model::Tensor& original);

/// True if neighbouring weights take few values although the type allows many: the weights were
/// quantized before.
[[nodiscard]] Result<bool> other_grid(const model::Tensor& tensor);
/// Of more than half of the matrices, without the embedding.
[[nodiscard]] Result<bool> mostly_on_other_grid(const model::Checkpoint& checkpoint);

/// What the report says about those that differ; absent if none does.
[[nodiscard]] std::optional<Differing> differing(std::span<const TensorOrigin> tensors);

}  // namespace qualm::weights
