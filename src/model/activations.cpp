#include "model/activations.h"

#include <fmt/format.h>

#include <algorithm>

namespace qualm::model {
namespace {

bool has_type(const Checkpoint& checkpoint, std::string_view type) {
  return std::ranges::any_of(checkpoint.tensors,
                             [&](const Tensor& tensor) { return tensor.encoding.name == type; });
}

std::string key_beginning(const Checkpoint& checkpoint, std::string_view prefix) {
  for (const Entry& entry : checkpoint.metadata.entries())
    if (entry.key.starts_with(prefix)) return entry.key;
  return {};
}

}  // namespace

std::optional<QuantizedActivations> quantized_activations(const Checkpoint& checkpoint) {
  using enum QuantizedActivations::Where;
  if (const auto told = checkpoint.metadata.string("quantization.activations"))
    return QuantizedActivations{*told, everywhere};
  // ggml's permission to round the inputs of these tensors to 4 bits; and NVFP4, which Blackwell
  // GPUs multiply in 4 bits on both sides.
  constexpr std::string_view kPermission = "general.tensor_extra.prec_a4";
  if (checkpoint.metadata.find(kPermission) != nullptr)
    return QuantizedActivations{fmt::format("{} allows 4-bit inputs", kPermission), some_devices};
  if (checkpoint.format.starts_with("GGUF") && has_type(checkpoint, "NVFP4"))
    return QuantizedActivations{"NVFP4 weights: Blackwell GPUs use 4-bit inputs", some_devices};
  return std::nullopt;
}

std::string rotation_key(const Checkpoint& checkpoint) {
  if (checkpoint.metadata.find("quantization.rotation") != nullptr) return "quantization.rotation";
  return key_beginning(checkpoint, "prism.hadamard.");
}

}  // namespace qualm::model
