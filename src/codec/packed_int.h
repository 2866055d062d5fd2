// compressed-tensors "pack-quantized": integers of 1 to 8 bits packed along the inputs.
//
//     weight_packed [N,P]   each row | word 0: u7 u6 u5 u4 u3 u2 u1 u0 | word 1 ... (4 bit)
//     weight_scale  [N,G]   weight_zero_point [.,G], packed the same way but down the outputs
//
//     W[n,k] = (u[n,k] - uz[n,j]) * scale[n,j],   j = g_idx[k] or k / g;   uz = 2^(b-1) if
//     symmetric
//
// exact in float32 for F16 and BF16 scales. Widths 3, 5, 6, 7 have two packings, told apart by P:
// until 2025 32/b (rounded down) codes a word with the upper bits unused, since then the dense
// stream.
#pragma once

#include <optional>

#include "codec/matrix.h"

namespace qualm::codec {

struct PackedIntParts {
  Part packed;                ///< I32
  Part scale;                 ///< floats, [N,G], [N,1] or [1]
  std::optional<Part> zero;   ///< I32
  std::optional<Part> g_idx;  ///< I32 [K]; all -1 means absent
};

struct PackedIntConfig {
  int bits = 4;
  std::int64_t outputs = 0;  ///< N and K as weight_shape says
  std::int64_t inputs = 0;
  std::int64_t group_size = 0;  ///< 0 or -1: from the shapes
};

[[nodiscard]] Result<Matrix> make_packed_int(const PackedIntParts& parts,
                                             const PackedIntConfig& config);

}  // namespace qualm::codec
