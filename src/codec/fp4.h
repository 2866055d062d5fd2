// Four-bit floats (E2M1) in blocks with a scale: NVFP4 (16 weights, E4M3 scale, and one float32 for
// the whole tensor), MXFP4 (32 weights, E8M0 scale: a power of two; gpt-oss, compressed-tensors,
// AutoRound).
//
//     packed, one row   | w1 w0 | w3 w2 | ...  low nibble first; two weights a byte
//     scale, one row    | s0    | s1    | ...  one for 16 or 32 weights
//
//     NVFP4, compressed-tensors   W = e2m1 * (scale / global)      NVFP4, ModelOpt   W = e2m1 *
//     (scale * global) MXFP4                       W = e2m1 * scale
//
// in float32, in the order of the parentheses, as the writers' own dequantization does.
#pragma once

#include <optional>

#include "codec/matrix.h"

namespace qualm::codec {

struct Fp4Parts {
  Part packed;                 ///< U8 or I8; [..., N, K/2], or gpt-oss blocks [..., N, K/32, 16]
  Part scale;                  ///< F8_E4M3 or F8_E8M0, [..., N, K/g]
  std::optional<Part> global;  ///< F32, one element
  bool global_multiplies = false;  ///< ModelOpt; compressed-tensors divides
};

/// shape: that of scale with the last dimension K. Errors: CODEC-103, -104, -106.
[[nodiscard]] Result<Matrix> make_fp4(const Fp4Parts& parts);

}  // namespace qualm::codec
