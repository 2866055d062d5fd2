// From the raw tensors of one module to one logical weight, whatever the quantization scheme.
//
// The raw tensors decide what a module is (names, dtypes, shapes); the configuration decides only
// what they leave open (zero points of GPTQ v1 or v2, the width of 3, 5, 6, 7 bit codes, ...),
// since it is copied and edited in practice. Names here are the container's; canonical names are
// formats/hf's.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "formats/safetensors/safetensors.h"
#include "model/checkpoint.h"

namespace qualm::formats {

struct QuantizationConfig {
  std::string
      method;  ///< lower case: "gptq", "awq", "exl2", "bitsandbytes", ...; "" if none is named
  nlohmann::json values = nlohmann::json::object();  ///< the object that named it
};

/// Takes `quantization_config` or `compression_config` out of a parsed config.json; an object that
/// is itself one (quantize_config.json, quant_config.json) is taken as it is. Never fails: a config
/// that says nothing usable gives an empty one, and the tensors speak.
[[nodiscard]] QuantizationConfig quantization_config(const nlohmann::json& config);

struct Weight {
  std::string module;              ///< "model.layers.0.self_attn.q_proj"
  std::vector<std::int64_t> dims;  ///< ne0 first: {in, out}, or {in, out, experts}
  model::Encoding encoding;
  std::int64_t bytes = 0;                         ///< of all parts that hold the weight
  std::shared_ptr<const model::TensorData> data;  ///< rows are output features (HF [out, in])
  std::vector<std::string> consumed;  ///< raw tensors of the module, activation scales included
  std::vector<model::Note> notes;     ///< findings: "3 ambiguous zero points", "labelled v1, is v2"
  /// What the codes of the inputs are multiplied by, where the file holds one number for that.
  std::optional<double> input_scale = std::nullopt;
};

/// Modules that hold a weight in any encoding, in file order: from "x.qweight", "x.q_weight",
/// "x.trellis", "x.weight", "x.weight_packed", "x.W_q", "x_blocks" (gpt-oss), ... the "x".
[[nodiscard]] std::vector<std::string> weight_modules(const safetensors::Container& container);

/// Sizes that the model's configuration knows and the file pads (EXL2, EXL3); 0 where unknown.
struct Sizes {
  std::int64_t outputs = 0;
  std::int64_t inputs = 0;
};

/// The weight of one module. Errors: QW-001 no weight under that name, QW-002 a scheme that is
/// known but not read (its name), QW-003 a part of one is missing, QW-004 configuration and tensors
/// that cannot both be right, QW-005 shapes that fit no known layout, CODEC-1xx parts that
/// contradict each other, JSON-* (quant states).
[[nodiscard]] Result<Weight> read_weight(const safetensors::Container& container,
                                         const QuantizationConfig& config,
                                         const std::string& module, const Sizes& sizes = {});

/// One raw tensor as it is (norms, biases, embeddings, experts stored whole): dims reversed.
/// Errors: QW-001, CODEC-103 a dtype that holds no numbers of ours (BOOL, C64, packed F4).
[[nodiscard]] Result<Weight> read_plain(const safetensors::Container& container,
                                        const std::string& tensor);

}  // namespace qualm::formats
