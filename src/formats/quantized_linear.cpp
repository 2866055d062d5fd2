#include "formats/quantized_linear.h"

#include <algorithm>
#include <array>
#include <set>

#include "codec/plain.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

/// What the name of a module's main tensor says about its family.
struct Family {
  std::string_view suffix;
  Result<Weight> (*read)(Module&);  ///< null: known, not read
  std::string_view companion;       ///< a tensor that must be there too, lest the name is chance
  std::string_view name;            ///< of a scheme that is not read
};

constexpr std::array<Family, 17> kFamilies{{
    {".qweight", read_qweight, "", ""},
    {".q_weight", read_exl2, "", ""},
    {".trellis", read_exl3, "", ""},
    {".weight_packed", read_weight_packed, "", ""},
    {".W_q", read_hqq, "", ""},
    {".B", read_gptq_marlin, ".s", ""},
    {"_blocks", read_blocks, "_scales", ""},
    {".blocks", read_blocks, ".scales", ""},
    {".weight._data", read_quanto, ".weight._scale", ""},
    {".weight._data._data", nullptr, "", "quanto qint4 or qint2"},
    {".codebooks", nullptr, ".codes", "AQLM"},
    {".centroids.weight", nullptr, "", "VPTQ"},
    {".Qidxs", nullptr, "", "QuIP#"},
    {".dense_weights", nullptr, "", "SpQR"},
    {"._weight_qdata", read_torchao, "._weight_scale", ""},
    {".compressed", nullptr, ".bitmask", "sparse weights of compressed-tensors"},
    {".weight", read_named_weight, "", ""},
}};

const Family* family_of(const Module& module) {
  const auto found = std::ranges::find_if(kFamilies, [&](const Family& family) {
    return module.find(family.suffix) != nullptr &&
           (family.companion.empty() || module.find(family.companion) != nullptr);
  });
  return found == kFamilies.end() ? nullptr : &*found;
}

bool describes_quantization(const nlohmann::json& object) {
  return std::ranges::any_of(
      std::array{"quant_method", "method", "bits", "w_bit", "q_group_size", "quantization"},
      [&](const char* key) { return object.contains(key); });
}

}  // namespace

QuantizationConfig quantization_config(const nlohmann::json& config) {
  QuantizationConfig result;
  if (!config.is_object()) return result;
  for (const char* key : {"quantization_config", "compression_config"}) {
    const auto found = config.find(key);
    if (found == config.end() || !found->is_object()) continue;
    result.values = *found;
    break;
  }
  if (result.values.empty() && describes_quantization(config)) result.values = config;
  if (result.values.empty()) return result;
  result.method = text_or(result.values, "quant_method", text_or(result.values, "method", ""));
  return result;
}

std::vector<std::string> weight_modules(const safetensors::Container& container) {
  std::vector<std::string> modules;
  std::set<std::string> seen;
  for (const codec::Part& part : container.tensors()) {
    for (const Family& family : kFamilies) {
      if (!part.name.ends_with(family.suffix)) continue;
      std::string name = part.name.substr(0, part.name.size() - family.suffix.size());
      const bool complete = family.companion.empty() ||
                            container.find(name + std::string(family.companion)) != nullptr;
      if (!complete) continue;
      if (seen.insert(name).second) modules.push_back(std::move(name));
      break;
    }
  }
  return modules;
}

Result<Weight> read_weight(const safetensors::Container& container,
                           const QuantizationConfig& config, const std::string& name,
                           const Sizes& sizes) {
  Module module(container, config, name, sizes);
  const Family* family = family_of(module);
  if (family == nullptr)
    return fail(module.error("QW-001", "a weight of this module", "no tensor that holds one",
                             "Compare the model's configuration with its files."));
  if (family->read == nullptr)
    return fail(module.error("QW-002", "an encoding that is read", std::string(family->name),
                             "Use a GGUF of the same model, or its unquantized form."));
  return family->read(module);
}

Result<Weight> read_plain(const safetensors::Container& container, const std::string& tensor) {
  const QuantizationConfig none;
  Module module(container, none, tensor, {});
  const codec::Part* part = module.find("");
  if (part == nullptr)
    return fail(module.error("QW-001", "a tensor of this name", "none",
                             "Compare the model's configuration with its files."));
  module.use(*part);
  return module.finish(codec::make_plain(*part));
}

}  // namespace qualm::formats
