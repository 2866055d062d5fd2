// From a container's tensors to a checkpoint's: modules decoded, renamed, put into ggml's order.
// Nothing is read but headers; the rows are decoded when somebody asks for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "formats/hf/config.h"
#include "formats/quantized_linear.h"
#include "model/checkpoint.h"

namespace qualm::formats::hf {

struct Tensors {
  std::vector<model::Tensor> tensors;
  std::vector<model::Note> notes;
  std::optional<Weight> dropped_head = std::nullopt;  ///< that the configuration ties
};

/// Canonical names and order. Needs config.family. Errors: HF-007 more layers than the files have,
/// HF-008 a tensor is missing, HF-009 a shape that is not the configuration's, HF-011 two tensors
/// for one place, HF-012 a bias that has no place; those of read_weight.
[[nodiscard]] Result<Tensors> canonical_tensors(const safetensors::Container& container,
                                                const QuantizationConfig& quantization,
                                                const Config& config);

/// Every weight under the name it has, "<module>.weight" where a scheme spreads it over several
/// tensors. What holds no numbers is left out and noted. Errors: those of read_weight.
[[nodiscard]] Result<Tensors> raw_tensors(const safetensors::Container& container,
                                          const QuantizationConfig& quantization);

}  // namespace qualm::formats::hf
