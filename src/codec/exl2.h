// EXL2 (exllamav2): groups of packed inputs with 2 to 8 bits each, scales of 4 bits, permuted
// inputs.
//
//     q_weight [Q, NP]        column n, group j: words r_j .. r_{j+1}, a bit stream of codes
//     downwards
//                             | 8 bit group | 6 bit group | ... | 2 bit group |  packed inputs k' =
//                             0 ..
//     q_groups U16 [2G]       bits_0, r_0, bits_1, r_1, ...      q_scale_max F16 [G]
//     q_scale [G, NP/8]       eight nibbles a word               q_invperm I32 [K]
//
//     m = fp16(q_scale_max[j] / 256)    s = fp16((nibble + 1)^2 * m)    w = fp16((code -
//     2^(bits-1)) * s) W[n, r] = w at packed input k' = q_invperm[r]
//
// The three roundings to float16 are what inference computes with, and what the quantizer aimed at:
// q_scale_max / 256 is a float16 subnormal, so leaving its rounding out is wrong by up to 0.2 %.
// Source: exllamav2 cuda/q_matrix.cu reconstruct_kernel, cuda/quant/qdq_util.cuh dq_scale.
#pragma once

#include "codec/matrix.h"

namespace qualm::codec {

struct Exl2Parts {
  Part q_weight;     ///< I32
  Part q_scale;      ///< I32
  Part q_scale_max;  ///< F16
  Part q_groups;     ///< I16, read unsigned
  Part q_invperm;    ///< I32
};

/// outputs: N where the model or a bias tells it; 0: all NP columns, whose surplus (< 32) decodes
/// to 0. Errors: CODEC-107 a group of unknown width, out of order, or past the end; CODEC-108
/// q_invperm is not a permutation; CODEC-102 .. -106.
[[nodiscard]] Result<Matrix> make_exl2(const Exl2Parts& parts, std::int64_t outputs);

}  // namespace qualm::codec
