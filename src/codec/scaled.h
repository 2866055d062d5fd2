// One 8-bit number per weight and scales on a grid of blocks: FP8 of DeepSeek, compressed-tensors,
// ModelOpt and fbgemm, MXFP8, int8 of compressed-tensors, bitsandbytes and quanto.
//
//     weight [N,K]            scale [ceil(N/bn), ceil(K/bk)]
//     | q q q q | q q q q |   | s00 | s01 |        bn x bk = 128 x 128 (DeepSeek),
//     | q q q q | q q q q |   | s10 | s11 |                  1 x K (per channel), 1 x g (group), N
//     x K
//
//     W[n,k] = (q[n,k] - zero[n/bn, k/bk]) * scale[n/bn, k/bk] * factor
//
// in float32, rounded after each multiplication; the zero is absent (0) except for asymmetric int8.
// DeepSeek's tensor is called weight_scale_inv but multiplies like the others.
#pragma once

#include <optional>

#include "codec/matrix.h"

namespace qualm::codec {

struct ScaledParts {
  Part weight;               ///< F8_*, I8 or U8, [N, K]
  Part scale;                ///< F32, F16, BF16 or F8_E8M0; [], [1], [N], [N,1], [N,G] or the grid
  std::optional<Part> zero;  ///< integers or floats, shaped as scale
};

struct ScaledConfig {
  std::string scheme;              ///< "FP8 E4M3", for the encoding's name
  std::int64_t block_rows = 0;     ///< 0: from the shape of scale; a 2-D grid then is 128 x 128
  std::int64_t block_columns = 0;  ///< a grid with surplus entries is accepted, they are not read
  float factor = 1;                ///< bitsandbytes int8 writes 127 times the scale
};

[[nodiscard]] Result<Matrix> make_scaled(const ScaledParts& parts, const ScaledConfig& config);

}  // namespace qualm::codec
