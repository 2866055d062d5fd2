#include "assemble/quantizer.h"

#include <algorithm>

#include "model/layer_name.h"

namespace qualm::assemble {

QuantizeOptions quantize_options(
    const std::string& mix, const std::vector<std::pair<std::string, std::string>>& overrides) {
  QuantizeOptions options{.mix = mix};
  for (const auto& [pattern, type] : overrides) {
    if (pattern == "token_embd.weight") {
      options.token_embedding_type = type;
    } else if (pattern == "output.weight") {
      options.output_tensor_type = type;
    } else {
      options.overrides.emplace_back(pattern, type);
    }
  }
  return options;
}

std::vector<std::pair<std::string, std::string>> native_types(const model::Checkpoint& original) {
  std::vector<std::pair<std::string, std::string>> types;
  for (const model::Tensor& tensor : original.tensors) {
    if (tensor.encoding.name != "MXFP4" && tensor.encoding.name != "NVFP4") continue;
    const auto parts = model::layer_name(tensor.name);
    std::pair<std::string, std::string> type{parts ? std::string(parts->rest) : tensor.name,
                                             tensor.encoding.name};
    if (std::ranges::find(types, type) == types.end()) types.push_back(std::move(type));
  }
  return types;
}

}  // namespace qualm::assemble
