#include "assemble/quantizer.h"

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

}  // namespace qualm::assemble
