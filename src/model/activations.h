// What the file asks of a runtime beyond its weights. qualm runs the weights: what such a runtime
// adds is not in its figures.
#pragma once

#include <optional>
#include <string>

#include "model/checkpoint.h"

namespace qualm::model {

/// The layers' inputs are rounded too.
struct QuantizedActivations {
  enum class Where {
    everywhere,    ///< each runtime that loads the file does it
    some_devices,  ///< the file allows it, and some GPUs do it
  };
  std::string says;  ///< "8-bit float, scales stored in the file"
  Where where = Where::everywhere;
};
/// Absent where neither keys nor types tell of any.
[[nodiscard]] std::optional<QuantizedActivations> quantized_activations(
    const Checkpoint& checkpoint);

/// The key that says that the weights are stored rotated (prism.hadamard.* of GGUF, a rotation in a
/// Hugging Face configuration): no weight equals the original's, though the model does. Or "".
[[nodiscard]] std::string rotation_key(const Checkpoint& checkpoint);

}  // namespace qualm::model
