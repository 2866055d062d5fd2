// The seam to a quantizer of whole models.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "assemble/image.h"
#include "base/error.h"
#include "model/checkpoint.h"
#include "model/importance.h"

namespace qualm::assemble {

/// What llama-quantize's command line says.
struct QuantizeOptions {
  std::string mix;                     ///< llama-quantize's name: "Q4_K_M"
  std::string token_embedding_type{};  ///< "" leaves it to the mix
  std::string output_tensor_type{};    ///< likewise
  std::vector<std::pair<std::string, std::string>> overrides{};  ///< --tensor-type pattern=type
  bool pure = false;
  bool allow_requantize = false;
  std::int32_t threads = 0;
  const model::Importance* importance = nullptr;  ///< --imatrix; borrowed for the call
};

/// Splits overrides by tensor name: token_embd.weight and output.weight have options of their own
/// in llama-quantize.
[[nodiscard]] QuantizeOptions quantize_options(
    const std::string& mix, const std::vector<std::pair<std::string, std::string>>& overrides = {});

/// Types to leave as they are where the original itself is trained in four bits (MXFP4 experts, as
/// gpt-oss): rounding such a tensor again gains nothing, and no one publishes that. As overrides of
/// llama-quantize: pattern, type.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> native_types(
    const model::Checkpoint& original);

class Quantizer {
 public:
  virtual ~Quantizer() = default;
  /// Reads the GGUF at `path` (or the splits it is the first of). Errors: ENGINE-010 unknown mix,
  /// ENGINE-011 libllama refused (with the last lines of its log), IMAGE-*.
  [[nodiscard]] virtual Result<Image> quantize(const std::string& path,
                                               const QuantizeOptions& options) = 0;
};

}  // namespace qualm::assemble
