// Hugging Face folders: config.json, safetensors in any quantization scheme, tokenizer files.
//
// The checkpoint has GGUF's keys, names, and order of rows, as llama.cpp's converter would make
// them (conversion/base.py and its neighbours); encodings stay what they are. A model_type that is
// not known, or weights without a config.json, keep their own names: they can be inspected and
// compared, and Checkpoint::lacks says what a run would need.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"
#include "formats/quantized_linear.h"
#include "formats/safetensors/safetensors.h"
#include "model/checkpoint.h"

namespace qualm::formats::hf {

/// A folder, or in it config.json, an index (*.safetensors.index.json), a .safetensors file (a
/// shard stands for all of them). Errors: HF-001 a folder with weights but no config.json, HF-002
/// config.json is no JSON object, HF-003 .. HF-006 of read_config, HF-007 .. HF-009, HF-011 and
/// HF-012 of canonical_tensors, HF-010 only pickled weights, HF-013 a PEFT adapter; ST-*, QW-*,
/// CODEC-*.
[[nodiscard]] Result<model::Checkpoint> read(const std::string& path);
/// The same without the tokenizer, whose files take the most time.
[[nodiscard]] Result<model::Checkpoint> read_without_tokenizer(const std::string& path);

/// Whether read() is meant for this folder: it holds safetensors, a config.json or pickles.
[[nodiscard]] bool is_model_folder(const std::string& path);

/// The part without a disk: weights, a parsed config.json (null: none) from `config_path`, and what
/// names the quantization. Neither the tokenizer nor the files beside the weights are added.
[[nodiscard]] Result<model::Checkpoint> make_checkpoint(const safetensors::Container& container,
                                                        const nlohmann::json& config,
                                                        const std::string& config_path,
                                                        const QuantizationConfig& quantization);

}  // namespace qualm::formats::hf
