// Modules of exllamav2 and exllamav3.
#include <fmt/format.h>

#include "codec/bits.h"
#include "codec/exl2.h"
#include "codec/exl3.h"
#include "formats/quantized/module.h"

namespace qualm::formats {
namespace {

using codec::Exl3Codebook;
using codec::Part;

/// A codebook tensor says by its presence which one it is; its value is the multiplier we know.
Result<Exl3Codebook> find_codebook(Module& module) {
  const auto check = [&](const Part& part, std::uint32_t multiplier) -> Result<void> {
    if (part.bytes.size() == 4 && codec::load<std::uint32_t>(part.bytes.data(), 0) == multiplier)
      return {};
    return fail(codec::part_error("CODEC-102", part,
                                  fmt::format("the multiplier 0x{:08x}", multiplier),
                                  codec::shape_text(part) + " of another value"));
  };
  if (const auto mcg = module.take(".mcg")) {
    QUALM_CHECK(check(*mcg, 0xCBAC1FEDu));
    return Exl3Codebook::mcg;
  }
  if (const auto mul1 = module.take(".mul1")) {
    QUALM_CHECK(check(*mul1, 0x83DCD12Du));
    return Exl3Codebook::mul1;
  }
  return Exl3Codebook::three_inst;
}

}  // namespace

Result<Weight> read_exl2(Module& module) {
  codec::Exl2Parts parts;
  QUALM_TRY(parts.q_weight, module.need(".q_weight"));
  QUALM_TRY(parts.q_scale, module.need(".q_scale"));
  QUALM_TRY(parts.q_scale_max, module.need(".q_scale_max"));
  QUALM_TRY(parts.q_groups, module.need(".q_groups"));
  QUALM_TRY(parts.q_invperm, module.need(".q_invperm"));
  const Part* bias = module.find(".bias");
  const std::int64_t known = bias != nullptr ? bias->elements() : 0;
  return module.finish(
      codec::make_exl2(parts, module.sizes().outputs > 0 ? module.sizes().outputs : known));
}

Result<Weight> read_exl3(Module& module) {
  if (module.find(".su") != nullptr || module.find(".sv") != nullptr)
    return fail(module.error("QW-002", "EXL3 with sign vectors suh and svh",
                             "the packed signs (su, sv) of early EXL3",
                             "Convert the model again with a current exllamav3."));
  codec::Exl3Parts parts;
  QUALM_TRY(parts.trellis, module.need(".trellis"));
  QUALM_TRY(parts.suh, module.need(".suh"));
  QUALM_TRY(parts.svh, module.need(".svh"));
  QUALM_TRY(parts.codebook, find_codebook(module));
  return module.finish(codec::make_exl3(parts, module.sizes().outputs, module.sizes().inputs));
}

}  // namespace qualm::formats
