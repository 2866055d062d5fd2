#include <array>

#include "diagnose/check.h"

namespace qualm::diagnose {

std::span<const CheckEntry> checks() {
  static const std::array kChecks{
      CheckEntry{"not_quant", "Is it the quant?", examine_not_quant, prescribe_not_quant},
      CheckEntry{"tier", "Tier too aggressive", examine_tier, prescribe_tier},
      CheckEntry{"kv_cache", "KV cache", examine_kv_cache, prescribe_kv_cache},
      CheckEntry{"architecture", "Architecture", examine_architecture, prescribe_architecture},
      CheckEntry{"calibration", "Calibration", examine_calibration, prescribe_calibration},
      CheckEntry{"provenance", "Quant of another model", examine_provenance, make_again},
  };
  return kChecks;
}

}  // namespace qualm::diagnose
