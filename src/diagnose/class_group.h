// Tensors that are restored together: what one option of llama-quantize would set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "assemble/recipe.h"
#include "model/checkpoint.h"
#include "model/tensor_class.h"

namespace qualm::diagnose {

struct ClassGroup {
  std::string id;                           ///< "attn_q+k"
  std::string title;                        ///< "attention queries and keys"
  std::vector<model::TensorClass> classes;  ///< at least one
  std::vector<std::string> patterns;        ///< shell patterns that fit its tensors and no others
  std::int64_t parameters = 0;
  std::int64_t bytes = 0;           ///< in the candidate
  std::int64_t baseline_bytes = 0;  ///< in the original; as F16 where there is none
  double share = 0;                 ///< of the weights of all groups
  double rest_bits = 0;  ///< bits per weight of the layers' matrices outside it; 0: there are none
  /// It has clearly fewer bits than the rest of the model, or fewer than llama-quantize and the
  /// converters give such a tensor (a tied embedding, a router).
  bool crushed = false;

  [[nodiscard]] double bits() const noexcept;
};

/// The groups that the candidate holds in fewer bits than the original, in the order of a forward
/// pass. Tensors that the two do not share in shape are left out. Without a baseline (null), those
/// of fewer bits than F16.
[[nodiscard]] std::vector<ClassGroup> class_groups(const model::Checkpoint& candidate,
                                                   const model::Checkpoint* baseline);

/// The candidate with this group as the original has it.
[[nodiscard]] assemble::Recipe restored(const ClassGroup& group);
/// The baseline with this group as the candidate has it.
[[nodiscard]] assemble::Recipe alone(const ClassGroup& group);

}  // namespace qualm::diagnose
