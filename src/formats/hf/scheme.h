// What a folder's weights are, in the field's words, and what its configuration says of how they
// came about.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "formats/quantized_linear.h"
#include "model/checkpoint.h"

namespace qualm::formats::hf {

/// "safetensors BF16", "GPTQ", "AWQ", "EXL2", "bitsandbytes NF4", "FP8", ...: the scheme that most
/// weights are in, as their tensors have it. `method` is the configuration's word and only added
/// where the tensors fit several: "FP8 (compressed-tensors)".
[[nodiscard]] std::string scheme_of(std::span<const model::Tensor> tensors,
                                    const std::string& method);

/// The largest code of the layers' inputs where static scales of the file round them: 127, 448, or
/// 6 x 448 (NVFP4: the largest code of a block times the largest scale of a block). Absent where
/// scales are found at run time, and for codes that are not known.
[[nodiscard]] std::optional<double> largest_input_code(const QuantizationConfig& config);

/// Adds the keys
///   quantization.method, .bits, .group_size, .head_bits, .desc_act, .sym, .zero_point, .version,
///   .checkpoint_format, .format, .quantizer, .quant_type, .double_quant
///   quantization.calibration.{dataset, rows, length, samples}
///   quantization.activations    how the runtime rounds the layers' inputs, where it does
///   quantization.rotation       the key that says that the weights are stored rotated
///   quantization.ignored        modules that the configuration leaves out
///   quantization.unquantized    canonical names, without layers, of matrices that are plain
/// where configuration or tensors have them. Claims of whoever wrote the file, the last excepted.
void describe_quantization(const QuantizationConfig& config, std::span<const model::Tensor> tensors,
                           model::Metadata& metadata);

}  // namespace qualm::formats::hf
