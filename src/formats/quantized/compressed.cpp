// compressed-tensors' packed weights, and gpt-oss' blocks.
#include <fmt/format.h>

#include <algorithm>

#include "codec/bits.h"
#include "codec/fp4.h"
#include "codec/packed_int.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

using codec::Dtype;
using codec::Part;

/// The weight arguments of every config group: one checkpoint may mix widths.
std::vector<nlohmann::json> weight_arguments(const nlohmann::json& config) {
  std::vector<nlohmann::json> found;
  const auto groups = config.find("config_groups");
  if (groups != config.end() && groups->is_object()) {
    for (const auto& group : *groups) {
      if (group.is_object() && group.contains("weights") && group["weights"].is_object())
        found.push_back(group["weights"]);
    }
  }
  if (found.empty() && config.contains("bits")) found.push_back(config);  // AutoRound
  return found;
}

/// N and K. Stored as two I64 (by some writers I32); else sizes that the model knows.
Result<Sizes> stored_shape(Module& module) {
  const auto part = module.take(".weight_shape");
  if (!part) return module.sizes();
  if (part->elements() == 2 && part->dtype == Dtype::kI64)
    return Sizes{codec::load<std::int64_t>(part->bytes.data(), 0),
                 codec::load<std::int64_t>(part->bytes.data(), 1)};
  if (part->elements() == 2 && part->dtype == Dtype::kI32)
    return Sizes{codec::load<std::int32_t>(part->bytes.data(), 0),
                 codec::load<std::int32_t>(part->bytes.data(), 1)};
  return fail(codec::part_error("CODEC-104", *part, "I64 [2]", codec::shape_text(*part)));
}

bool width_fits(std::int64_t bits, std::int64_t inputs, std::int64_t words) {
  return bits >= 1 && bits <= 8 &&
         (words == codec::ceil_divide(inputs * bits, 32) ||
          words == codec::ceil_divide(inputs, 32 / bits));
}

/// The width is not stored with the tensor: the first configured one that its shape allows, or,
/// where none is configured, the only one.
Result<codec::PackedIntConfig> packed_config(const Module& module, const Part& packed,
                                             Sizes shape) {
  const std::int64_t words = packed.shape.size() == 2 ? packed.shape[1] : 0;
  // More inputs than the words can hold would be refused later; here they could overflow.
  if (shape.inputs < 1 || words < 1 ||
      shape.inputs > static_cast<std::int64_t>(packed.bytes.size()) * 8)
    return fail(codec::part_error("CODEC-104", packed,
                                  fmt::format("room for {} inputs", shape.inputs),
                                  codec::shape_text(packed)));
  for (const auto& weights : weight_arguments(module.config())) {
    const std::int64_t bits = integer_or(weights, "num_bits", integer_or(weights, "bits", 0));
    if (width_fits(bits, shape.inputs, words))
      return codec::PackedIntConfig{static_cast<int>(bits), shape.outputs, shape.inputs,
                                    integer_or(weights, "group_size", 0)};
  }
  std::vector<int> possible;
  for (int bits = 1; bits <= 8; ++bits) {
    if (width_fits(bits, shape.inputs, words)) possible.push_back(bits);
  }
  if (possible.size() == 1 && weight_arguments(module.config()).empty())
    return codec::PackedIntConfig{possible[0], shape.outputs, shape.inputs, 0};
  return fail(module.error("QW-004", "a width in config_groups that fits the packed weight",
                           fmt::format("{} for {} inputs", codec::shape_text(packed), shape.inputs),
                           "Check that config.json belongs to these weights."));
}

Result<Weight> read_packed_integers(Module& module, const Part& packed) {
  if (module.find(".meta") != nullptr)
    return fail(module.error("QW-002", "a layout that is read", "2:4 sparse weights (marlin-24)",
                             "Use a dense form of the model."));
  QUALM_TRY(const Sizes shape, stored_shape(module));
  QUALM_TRY(const auto config, packed_config(module, packed, shape));
  codec::PackedIntParts parts;
  parts.packed = packed;
  QUALM_TRY(parts.scale, module.need(".weight_scale"));
  parts.zero = module.take(".weight_zero_point");
  parts.g_idx = module.take(".weight_g_idx");
  return module.finish(codec::make_packed_int(parts, config));
}

/// Microscaling scales are bytes that mean powers of two.
Part as_e8m0(Part scale) {
  if (scale.dtype == Dtype::kU8) scale.dtype = Dtype::kF8E8M0;
  return scale;
}

}  // namespace

Result<Weight> read_weight_packed(Module& module) {
  QUALM_TRY(const Part packed, module.need(".weight_packed"));
  if (packed.dtype != Dtype::kU8 && packed.dtype != Dtype::kI8)
    return read_packed_integers(module, packed);
  QUALM_TRY(const Part scale, module.need(".weight_scale"));
  std::optional<Part> global = module.take(".weight_global_scale");
  return module.finish(codec::make_fp4({packed, as_e8m0(scale), std::move(global), false}));
}

Result<Weight> read_blocks(Module& module) {
  QUALM_TRY(const Part blocks, module.need_any({"_blocks", ".blocks"}));
  QUALM_TRY(const Part scales, module.need_any({"_scales", ".scales"}));
  return module.finish(codec::make_fp4({blocks, as_e8m0(scales), {}, false}));
}

}  // namespace qualm::formats
