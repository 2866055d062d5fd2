// Two checkpoints, tensor by tensor, through their decoders: how far apart the weights are.
//
// Whatever the containers: tensors are paired by canonical name, decoded a few rows at a time on
// both sides, and never held whole. Scales that AWQ folded into neighbours are undone first
// (weights/unscale.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"
#include "model/tensor_class.h"
#include "weights/error_sums.h"

namespace qualm::weights {

/// Any set of tensors: the whole, a class, a layer.
struct Group {
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;  ///< pairs of weights that were compared or skipped
  double model_bytes = 0;       ///< as stored; of tensors compared in part, that part
  double baseline_bytes = 0;
  ErrorSums sums;          ///< max_row and max_column are of the tensor max_tensor
  std::string max_tensor;  ///< where the largest error is
  void add(const struct TensorComparison& tensor);
};

/// What was done to a tensor before it was compared.
enum class Unscaled {
  no,
  exactly,      ///< AWQ's scales were undone
  per_channel,  ///< the scales are not stored: compared up to a scale for each channel
};

struct RowCounts {
  std::int64_t model = 0;
  std::int64_t baseline = 0;
};

struct TensorComparison {
  std::string name;
  model::TensorClass tensor_class = model::TensorClass::other;
  std::optional<std::int64_t> layer;
  std::vector<std::int64_t> dims;  ///< of what was compared
  std::string encoding;
  std::string baseline_encoding;
  double model_bytes = 0;
  double baseline_bytes = 0;
  ErrorSums sums;
  /// Rows of the two, where they differ: the first ones are compared.
  std::optional<RowCounts> padded = std::nullopt;
  Unscaled unscaled = Unscaled::no;
};

/// A tensor that could not be compared: its shape differs, or its rows are longer than kLongestRow
/// (weights/blocks.h).
struct NotCompared {
  std::string name;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> baseline_dims;
};

struct WeightComparison {
  Group whole;
  std::map<model::TensorClass, Group> classes;
  std::map<std::int64_t, Group> layers;
  std::vector<TensorComparison> tensors;  ///< in the model's order
  std::vector<std::size_t> offenders;     ///< tensors with an error, largest relative error first
  std::vector<std::string> only_in_model;
  std::vector<std::string> only_in_baseline;
  std::vector<NotCompared> not_compared;  ///< other shape, or rows too long
};

/// `threads`: 0 for all cores; the answer does not depend on it. Embeddings (token_embd, output) of
/// different height are compared in their common rows; any other difference of shape is listed.
/// Errors: those of TensorData::rows, with file and tensor; COMPARE-001 (cancelled), COMPARE-002.
[[nodiscard]] Result<WeightComparison> compare(const model::Checkpoint& model,
                                               const model::Checkpoint& baseline, int threads,
                                               Progress& progress);

}  // namespace qualm::weights
