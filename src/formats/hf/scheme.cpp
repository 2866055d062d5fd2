#include "formats/hf/scheme.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "model/layer_name.h"

namespace qualm::formats::hf {
namespace {

using nlohmann::json;

/// "blk.3.attn_q.weight" -> "attn_q"; "model.layers.3.mlp.gate.weight" -> "model.layers.mlp.gate".
std::string without_layer(std::string_view name) {
  std::string out;
  if (const auto parts = model::layer_name(name)) name = parts->rest;
  if (name.ends_with(".weight")) name.remove_suffix(7);
  while (!name.empty()) {
    const std::string_view word = name.substr(0, name.find('.'));
    name.remove_prefix(std::min(name.size(), word.size() + 1));
    if (std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; })) continue;
    out += fmt::format("{}{}", out.empty() ? "" : ".", word);
  }
  return out;
}

const json* find_member(const json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string shortened(std::string text) {
  constexpr std::size_t kMostShown = 400;
  if (text.size() > kMostShown) text = text.substr(0, kMostShown) + "...";
  return printable(text);
}

/// Scalars as they are, lists and objects as text; nothing of an unbounded size.
model::Value value_of(const json& found) {
  if (found.is_boolean()) return found.get<bool>();
  if (found.is_number_unsigned()) return found.get<std::uint64_t>();
  if (found.is_number_integer()) return found.get<std::int64_t>();
  if (found.is_number()) return found.get<double>();
  if (found.is_string()) return shortened(found.get<std::string>());
  if (found.is_array() && !found.empty() &&
      std::ranges::all_of(found, [](const json& item) { return item.is_string(); })) {
    constexpr std::size_t kMostItems = 16;
    std::string text;
    for (std::size_t i = 0; i < std::min(found.size(), kMostItems); ++i)
      text += fmt::format("{}{}", i > 0 ? ", " : "", found[i].get_ref<const std::string&>());
    if (found.size() > kMostItems) text += fmt::format(", ... {} in all", found.size());
    return shortened(std::move(text));
  }
  return shortened(found.dump(-1, ' ', true, json::error_handler_t::replace));
}

struct Fact {
  std::string_view key;  ///< below "quantization."
  std::array<std::string_view, 5> names;
};

constexpr std::array<Fact, 13> kFacts{{
    {"bits", {"bits", "w_bit", "nbits", "num_bits", "weight_bits"}},
    {"group_size", {"group_size", "q_group_size"}},
    {"head_bits", {"head_bits", "lm_head_bits"}},
    {"desc_act", {"desc_act"}},
    {"sym", {"sym", "symmetric"}},
    {"zero_point", {"zero_point"}},
    {"version", {"version"}},
    {"checkpoint_format", {"checkpoint_format", "packing_format"}},
    {"format", {"format", "quant_algo", "fmt"}},
    {"quant_type", {"bnb_4bit_quant_type", "quant_type"}},
    {"double_quant", {"bnb_4bit_use_double_quant"}},
    {"block_size", {"weight_block_size"}},
    {"ignored",
     {"modules_to_not_convert", "ignore", "llm_int8_skip_modules", "exclude_modules",
      "skip_modules"}},
}};

constexpr std::array<Fact, 4> kCalibration{{
    {"calibration.dataset", {"dataset", "calib_data", "calibration_dataset"}},
    {"calibration.rows", {"rows", "cal_rows"}},
    {"calibration.length", {"length", "seqlen", "cal_cols", "model_seqlen"}},
    {"calibration.samples", {"nsamples", "num_samples", "num_calibration_samples"}},
}};

template <std::size_t N>
void copy_facts(const std::array<Fact, N>& facts, const json& object, model::Metadata& metadata) {
  for (const Fact& fact : facts) {
    const std::string key = fmt::format("quantization.{}", fact.key);
    for (const std::string_view name : fact.names) {
      const json* found = name.empty() ? nullptr : find_member(object, name);
      if (found == nullptr || metadata.find(key) != nullptr) continue;
      metadata.set(key, value_of(*found));
    }
  }
}

/// GPTQModel's meta, exllamav2's calibration, compressed-tensors' groups, ModelOpt's producer.
void copy_nested(const json& values, model::Metadata& metadata) {
  for (const char* name : {"calibration", "meta", "quantization", "quant_config"}) {
    const json* found = find_member(values, name);
    if (found == nullptr) continue;
    copy_facts(kFacts, *found, metadata);
    copy_facts(kCalibration, *found, metadata);
    if (const json* params = find_member(*found, "weight_quant_params"))
      copy_facts(kFacts, *params, metadata);
  }
  const json* groups = find_member(values, "config_groups");
  if (groups != nullptr && groups->is_object() && !groups->empty()) {
    if (const json* weights = find_member(groups->begin().value(), "weights"))
      copy_facts(kFacts, *weights, metadata);
  }
}

/// How the runtime rounds the layers' inputs.
struct RoundedInputs {
  std::int64_t bits = 8;
  enum class Type { integer, floating } type = Type::floating;
  enum class Scales { stored, at_run_time } scales = Scales::stored;
};
using Inputs = std::optional<RoundedInputs>;

/// "8-bit float, scales stored in the file"
std::string in_words(const RoundedInputs& inputs) {
  return fmt::format(
      "{}-bit {}, scales {}", inputs.bits,
      inputs.type == RoundedInputs::Type::floating ? "float" : "integer",
      inputs.scales == RoundedInputs::Scales::stored ? "stored in the file" : "found at run time");
}

/// compressed-tensors: the first group that rounds inputs.
Inputs inputs_of_groups(const json& values) {
  using enum RoundedInputs::Type;
  using enum RoundedInputs::Scales;
  const json* groups = find_member(values, "config_groups");
  if (groups == nullptr || !groups->is_object()) return std::nullopt;
  for (const json& group : *groups) {
    const json* inputs = find_member(group, "input_activations");
    if (inputs == nullptr || !inputs->is_object()) continue;
    const json* bits = find_member(*inputs, "num_bits");
    const json* type = find_member(*inputs, "type");
    const json* dynamic = find_member(*inputs, "dynamic");
    // "local": NVFP4's scales of the blocks are found at run time, the one of the tensor is stored.
    const bool stored = dynamic == nullptr || *dynamic == false || *dynamic == "local";
    return RoundedInputs{
        bits != nullptr && bits->is_number_integer() ? bits->get<std::int64_t>() : 8,
        type != nullptr && *type == "float" ? floating : integer,
        stored ? RoundedInputs::Scales::stored : at_run_time};
  }
  return std::nullopt;
}

/// ModelOpt's names: "FP8", "NVFP4", "W4A8_AWQ", "INT4_AWQ" (weights alone), ...
Inputs inputs_of_algorithm(const std::string& name) {
  using enum RoundedInputs::Type;
  if (name == "NVFP4") return RoundedInputs{.bits = 4};
  if (name != "FP8" && name.find("A8") == std::string::npos) return std::nullopt;
  return RoundedInputs{.type = name.find("INT8") == std::string::npos ? floating : integer};
}

/// compressed-tensors, FP8 of DeepSeek and vLLM (activation_scheme), LLM.int8, ModelOpt
/// (quant_algo). Absent: it does not round them.
Inputs inputs_of(const json& values) {
  using enum RoundedInputs::Scales;
  if (const Inputs found = inputs_of_groups(values)) return found;
  if (const json* scheme = find_member(values, "activation_scheme"))
    return RoundedInputs{.scales = *scheme == "static" ? stored : at_run_time};
  if (const json* int8 = find_member(values, "load_in_8bit"); int8 != nullptr && *int8 == true)
    return RoundedInputs{.type = RoundedInputs::Type::integer, .scales = at_run_time};
  const json* nested = find_member(values, "quantization");
  const json* algorithm = find_member(nested != nullptr ? *nested : values, "quant_algo");
  return algorithm != nullptr && algorithm->is_string()
             ? inputs_of_algorithm(algorithm->get_ref<const std::string&>())
             : std::nullopt;
}

/// What GPTQModel, AutoRound and compressed-tensors call a rotation that is folded into the
/// weights.
std::string rotation_of(const json& values) {
  for (const char* name : {"transform_config", "rotation_config", "spinquant_config", "rotation"}) {
    const json* found = find_member(values, name);
    if (found != nullptr && !(found->is_structured() && found->empty()) && *found != false)
      return name;
  }
  return {};
}

const json* quantizer_of(const json& values) {
  if (const json* meta = find_member(values, "meta")) {
    if (const json* found = find_member(*meta, "quantizer")) return found;
  }
  for (const char* name : {"quantizer", "provider", "producer", "autoround_version"}) {
    if (const json* found = find_member(values, name)) return found;
  }
  return nullptr;
}

}  // namespace

std::string scheme_of(std::span<const model::Tensor> tensors, const std::string& method) {
  std::map<std::string_view, std::int64_t> quantized;
  std::map<std::string_view, std::int64_t> plain;
  std::set<std::string_view> shared;
  for (const model::Tensor& tensor : tensors) {
    const model::EncodingType& type = *tensor.encoding.type;
    if (type.package.empty())
      plain[tensor.encoding.name] += tensor.parameters();
    else
      quantized[type.package] += tensor.parameters();
    if (type.shared) shared.insert(type.package);
  }
  const auto most = [](const auto& counts) {
    return std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })
        ->first;
  };
  if (quantized.empty())
    return plain.empty() ? "safetensors" : fmt::format("safetensors {}", most(plain));
  const std::string_view word = most(quantized);
  const bool same = method == "fp8" || method == "mxfp4";
  if (!shared.contains(word) || method.empty() || same ||
      word.find(method) != std::string_view::npos)
    return std::string(word);
  return fmt::format("{} ({})", word, printable(method));
}

std::optional<double> largest_input_code(const QuantizationConfig& config) {
  constexpr double kLargestE4m3 = 448;
  constexpr double kLargestE2m1 = 6;
  const Inputs inputs = inputs_of(config.values);
  if (!inputs || inputs->scales != RoundedInputs::Scales::stored) return std::nullopt;
  const bool floating = inputs->type == RoundedInputs::Type::floating;
  if (floating && inputs->bits == 8) return kLargestE4m3;
  if (floating && inputs->bits == 4) return kLargestE2m1 * kLargestE4m3;
  if (floating || inputs->bits < 2 || inputs->bits > 8) return std::nullopt;
  return static_cast<double>((1 << (inputs->bits - 1)) - 1);
}

void describe_quantization(const QuantizationConfig& config, std::span<const model::Tensor> tensors,
                           model::Metadata& metadata) {
  if (!config.method.empty()) metadata.set("quantization.method", shortened(config.method));
  copy_facts(kFacts, config.values, metadata);
  copy_facts(kCalibration, config.values, metadata);
  copy_nested(config.values, metadata);
  if (const json* found = quantizer_of(config.values))
    metadata.set("quantization.quantizer", value_of(*found));
  if (const Inputs inputs = inputs_of(config.values))
    metadata.set("quantization.activations", in_words(*inputs));
  if (std::string key = rotation_of(config.values); !key.empty())
    metadata.set("quantization.rotation", std::move(key));
  std::set<std::string> left;
  bool quantized = false;
  for (const model::Tensor& tensor : tensors) {
    if (tensor.dims.size() < 2) continue;
    if (!tensor.encoding.type->package.empty()) {
      quantized = true;
    } else {
      left.insert(without_layer(tensor.name));
    }
  }
  if (!quantized || left.empty()) return;
  std::string text;
  for (const std::string& name : left) text += (text.empty() ? "" : ", ") + name;
  metadata.set("quantization.unquantized", shortened(std::move(text)));
}

}  // namespace qualm::formats::hf
