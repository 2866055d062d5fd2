// The types that llama-quantize gives the tensors of a model, known without quantizing it.
#pragma once

#include <map>
#include <string>

#include "assemble/quantizer.h"
#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// By name of the tensor: ggml's id. libllama chooses them by names, lengths of rows and
/// hyperparameters, so it is asked with two rows of each matrix. Errors: those of assemble and of
/// the quantizer.
[[nodiscard]] Result<std::map<std::string, int>> types_by(const assemble::QuantizeOptions& options,
                                                          const model::Checkpoint& model,
                                                          assemble::Quantizer& quantizer,
                                                          Progress& progress);

/// Whether each tensor has the type that is given for it.
[[nodiscard]] bool has_types(const model::Checkpoint& model,
                             const std::map<std::string, int>& types);

}  // namespace qualm::experiment
