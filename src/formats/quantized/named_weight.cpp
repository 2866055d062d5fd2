// Modules whose codes are in a tensor simply called "weight": plain, FP8, int8, bitsandbytes,
// NVFP4.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "codec/bits.h"
#include "codec/bitsandbytes.h"
#include "codec/fp4.h"
#include "codec/plain.h"
#include "codec/scaled.h"
#include "formats/json.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

using codec::Dtype;
using codec::Part;

bool is_f8(Dtype dtype) noexcept {
  return dtype == Dtype::kF8E4M3 || dtype == Dtype::kF8E5M2 || dtype == Dtype::kF8E4M3Fnuz ||
         dtype == Dtype::kF8E5M2Fnuz;
}

std::string_view text_of(const Part& part) {
  return {reinterpret_cast<const char*>(part.bytes.data()), part.bytes.size()};
}

Result<codec::Bnb4State> read_state(const Part& part, const nlohmann::json& json) {
  codec::Bnb4State state;
  state.type = printable(text_or(json, "quant_type", "4 bit"));
  state.block_size = integer_or(json, "blocksize", 0);
  const auto shape = json.is_object() ? json.find("shape") : json.end();
  const bool listed =
      shape != json.end() && shape->is_array() && std::ranges::all_of(*shape, [](const auto& n) {
        return n.is_number_unsigned() &&
               std::in_range<std::int64_t>(n.template get<std::uint64_t>());
      });
  if (!listed)
    return fail(codec::part_error("CODEC-104", part, "a quant state with a shape", "none"));
  for (const auto& n : *shape) state.shape.push_back(n.get<std::int64_t>());
  return state;
}

/// bitsandbytes separates with '.', GPTQModel's copy of the same content with '_'.
Result<Weight> read_bnb4(Module& module, std::string_view separator) {
  const auto suffix = [&](std::string_view name) {
    return fmt::format(".weight{}{}", separator, name);
  };
  codec::Bnb4Parts parts;
  QUALM_TRY(parts.weight, module.need(".weight"));
  QUALM_TRY(parts.absmax, module.need(suffix("absmax")));
  QUALM_TRY(parts.map, module.need(suffix("quant_map")));
  const Part* state_part = module.find_prefix(suffix("quant_state"));
  if (state_part == nullptr)
    return fail(module.error("QW-003", "a quant_state beside the 4 bit weight", "none",
                             "The checkpoint is incomplete: fetch its files again."));
  module.use(*state_part);
  QUALM_TRY(const auto json, parse_json(text_of(*state_part), state_part->file->path(),
                                        "tensor " + state_part->name, {.bytes = 65'536}));
  QUALM_TRY(const codec::Bnb4State state, read_state(*state_part, json));
  if (auto absmax = module.take(suffix("nested_absmax"))) {
    codec::NestedScales nested;
    nested.absmax = *std::move(absmax);
    QUALM_TRY(nested.map, module.need(suffix("nested_quant_map")));
    nested.block_size = integer_or(json, "nested_blocksize", 256);
    const auto offset = json.find("nested_offset");
    if (offset != json.end() && offset->is_number()) nested.offset = offset->get<float>();
    parts.nested = std::move(nested);
  }
  return module.finish(codec::make_bnb4(parts, state));
}

Result<Weight> read_bnb8(Module& module) {
  if (const Part* format = module.find(".weight_format");
      format != nullptr && (format->bytes.size() != 1 || format->bytes[0] != std::byte{0}))
    return fail(module.error("QW-002", "int8 weights in rows (weight_format 0)", "a tiled layout",
                             "Save the model again with a current bitsandbytes."));
  codec::ScaledParts parts;
  QUALM_TRY(parts.weight, module.need(".weight"));
  QUALM_TRY(parts.scale, module.need_any({".SCB", ".weight_scb"}));
  constexpr float kReference = 7.874015718698502e-3f;  // 1/127 as bitsandbytes writes it
  return module.finish(
      codec::make_scaled(parts, {.scheme = "bitsandbytes int8", .factor = kReference}));
}

/// weight_block_size of DeepSeek and its kin, block_structure of compressed-tensors.
std::pair<std::int64_t, std::int64_t> block_size(const nlohmann::json& config) {
  const auto pair_at = [](const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    const bool pair = found != object.end() && found->is_array() && found->size() == 2 &&
                      (*found)[0].is_number_integer() && (*found)[1].is_number_integer();
    return pair ? std::pair((*found)[0].get<std::int64_t>(), (*found)[1].get<std::int64_t>())
                : std::pair<std::int64_t, std::int64_t>(0, 0);
  };
  auto found = pair_at(config, "weight_block_size");
  const auto groups = config.find("config_groups");
  if (found.first > 0 || groups == config.end() || !groups->is_object()) return found;
  for (const auto& group : *groups) {
    if (!group.is_object() || !group.contains("weights") || !group["weights"].is_object()) continue;
    found = pair_at(group["weights"], "block_structure");
    if (found.first > 0) return found;
    found.second = integer_or(group["weights"], "group_size", 0);
  }
  return found;
}

/// Under which of its names the scale of ".weight" is there; empty if under none.
std::string_view scale_name(const Module& module) {
  constexpr std::array<std::string_view, 4> kNames{".weight_scale_inv", ".weight_scale",
                                                   ".qscale_weight", ".scale"};
  const auto found = std::ranges::find_if(
      kNames, [&](std::string_view name) { return module.find(name) != nullptr; });
  return found == kNames.end() ? std::string_view() : *found;
}

Result<Weight> read_scaled(Module& module, std::string scheme) {
  codec::ScaledParts parts;
  QUALM_TRY(parts.weight, module.need(".weight"));
  QUALM_TRY(parts.scale, module.need(scale_name(module)));
  parts.zero = module.take(".weight_zero_point");
  const bool mx = parts.scale.dtype == Dtype::kU8 && is_f8(parts.weight.dtype);
  if (mx) parts.scale.dtype = Dtype::kF8E8M0;
  const auto [rows, columns] = block_size(module.config());
  return module.finish(codec::make_scaled(
      parts,
      {.scheme = mx ? "MXFP8" : std::move(scheme), .block_rows = rows, .block_columns = columns}));
}

Result<Weight> read_packed_fp4(Module& module) {
  codec::Fp4Parts parts;
  QUALM_TRY(parts.packed, module.need(".weight"));
  QUALM_TRY(parts.scale, module.need(scale_name(module)));
  if (parts.scale.dtype == Dtype::kU8) parts.scale.dtype = Dtype::kF8E8M0;
  parts.global = module.take(".weight_scale_2");
  parts.global_multiplies = true;
  return module.finish(codec::make_fp4(parts));
}

/// Two codes a byte show in the scales: one for 16 or 32 weights, and so for 8 or 16 bytes, of a
/// row.
bool is_packed_fp4(const Part& weight, const Part& scale) {
  if (weight.shape.size() < 2 || scale.shape.size() != weight.shape.size()) return false;
  const std::int64_t bytes = weight.shape.back();
  const std::int64_t groups = scale.shape.back();
  if (groups < 1 || bytes % groups != 0) return false;
  if (scale.dtype == Dtype::kF8E4M3) return bytes / groups == 8;
  return (scale.dtype == Dtype::kF8E8M0 || scale.dtype == Dtype::kU8) && bytes / groups == 16;
}

}  // namespace

Result<Weight> read_quanto(Module& module) {
  codec::ScaledParts parts;
  QUALM_TRY(parts.weight, module.need(".weight._data"));
  QUALM_TRY(parts.scale, module.need(".weight._scale"));
  return module.finish(codec::make_scaled(
      parts, {.scheme = fmt::format("quanto {}", codec::dtype_name(parts.weight.dtype))}));
}

/// torchao says what a tensor is in the container's metadata alone. Its 4 bit ones are packed in an
/// order that depends on the machine they were made for.
Result<Weight> read_torchao(Module& module) {
  const std::string_view type = module.metadata(".weight");
  codec::ScaledParts parts;
  QUALM_TRY(parts.weight, module.need("._weight_qdata"));
  const bool int8 = type.find("\"Int8Tensor\"") != std::string_view::npos;
  const bool float8 = type.find("\"Float8Tensor\"") != std::string_view::npos;
  if (!(int8 && parts.weight.dtype == Dtype::kI8) && !(float8 && is_f8(parts.weight.dtype)))
    return fail(module.error("QW-002", "torchao's Int8Tensor or Float8Tensor",
                             type.empty() ? "no word of its type" : printable(type.substr(0, 60)),
                             "Use a GGUF of the same model, or its unquantized form."));
  QUALM_TRY(parts.scale, module.need("._weight_scale"));
  parts.zero = module.take("._weight_zero_point");
  return module.finish(
      codec::make_scaled(parts, {.scheme = int8 ? "torchao int8" : "torchao float8"}));
}

Result<Weight> read_named_weight(Module& module) {
  const Part& weight = *module.find(".weight");
  if (module.find(".weight.absmax") != nullptr) return read_bnb4(module, ".");
  if (module.find(".weight_absmax") != nullptr) return read_bnb4(module, "_");
  if (module.find(".SCB") != nullptr || module.find(".weight_scb") != nullptr)
    return read_bnb8(module);
  const std::string_view scale_suffix = scale_name(module);
  const Part* scale = scale_suffix.empty() ? nullptr : module.find(scale_suffix);
  const bool byte = weight.dtype == Dtype::kU8 || weight.dtype == Dtype::kI8;
  if (byte && scale != nullptr && is_packed_fp4(weight, *scale)) return read_packed_fp4(module);
  if (is_f8(weight.dtype) && scale != nullptr)
    return read_scaled(module, "FP8 " + std::string(codec::dtype_name(weight.dtype).substr(3)));
  if (weight.dtype == Dtype::kI8 && scale != nullptr) return read_scaled(module, "int8");
  if (byte)
    return fail(module.error(
        "QW-003", "scales beside a weight of bytes",
        codec::shape_text(weight) +
            (module.method().empty() ? std::string() : ", quant_method " + module.method()),
        "This scheme is not read; use a GGUF of the model."));
  module.use(weight);
  return module.finish(codec::make_plain(weight));
}

}  // namespace qualm::formats
