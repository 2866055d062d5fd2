// HQQ modules: their parameters are small tensors beside the codes, else in the configuration.
#include "codec/hqq.h"

#include <fmt/format.h>

#include <vector>

#include "codec/numbers.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

using codec::Part;

/// A few integers, or nothing.
std::vector<std::int64_t> integers(const std::optional<Part>& part) {
  std::vector<std::int64_t> values;
  if (!part || !codec::is_number(part->dtype) || part->elements() > 8) return values;
  std::vector<float> floats(static_cast<std::size_t>(part->elements()));
  codec::decode_numbers(*part, 0, part->elements(), floats.data());
  for (const float value : floats) {
    if (!(value >= -1 && value <= 0x1p24f)) return {};
    values.push_back(static_cast<std::int64_t>(value));
  }
  return values;
}

std::string default_packing(std::int64_t bits) {
  switch (bits) {
    case 1:
      return "1bit_u8";
    case 2:
      return "2bit_u8";
    case 3:
      return "3bit_32";
    case 4:
      return "4bit_u8";
    default:
      return "8bit_u8";
  }
}

}  // namespace

Result<Weight> read_hqq(Module& module) {
  codec::HqqParts parts;
  QUALM_TRY(parts.codes, module.need(".W_q"));
  QUALM_TRY(parts.scale, module.need(".scale"));
  QUALM_TRY(parts.zero, module.need(".zero"));
  nlohmann::json params = module.config().value("quant_config", nlohmann::json::object());
  if (params.is_object()) params = params.value("weight_quant_params", params);
  const auto number = [&](const char* name, std::int64_t otherwise) {
    const auto stored = integers(module.take(fmt::format(".{}", name)));
    return stored.size() == 1 ? stored[0] : integer_or(params, name, otherwise);
  };
  codec::HqqState state;
  state.bits = number("nbits", 4);
  state.group_size = number("group_size", 64);
  state.axis = static_cast<int>(number("axis", 1));
  state.packing = default_packing(state.bits);
  if (const auto packing = module.take(".packing"); packing && packing->bytes.size() < 32)
    state.packing.assign(reinterpret_cast<const char*>(packing->bytes.data()),
                         packing->bytes.size());
  for (const char* told : {".unpack_view_dtype", ".view_as_float", ".compute_dtype",
                           ".channel_wise", ".optimize", ".round_zero", ".stores_quant_config",
                           ".encoded_state_dict", ".quant_zero", ".quant_scale"})
    static_cast<void>(module.take(told));  // of no weight of its own: all of it holds one matrix
  const auto shape = integers(module.take(".shape"));
  state.outputs = shape.size() == 2 ? shape[0] : module.sizes().outputs;
  state.inputs = shape.size() == 2 ? shape[1] : module.sizes().inputs;
  return module.finish(codec::make_hqq(parts, state));
}

}  // namespace qualm::formats
