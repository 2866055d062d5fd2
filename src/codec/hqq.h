// HQQ: codes of 1 to 8 bits with a float scale and a float zero point for each group.
//
// W [N,K] is first regrouped to R x g (axis 1, row-major) or g x R (axis 0); then packed along the
// first dimension of that in slabs, the first slab in the highest bits. 4bit_u8, D the first
// dimension:
//
//     byte (r, c)     | code of row r | code of row r + D/2 |       2bit_u8: four slabs, 1bit_u8:
//     eight 3bit_32, words  | - | row r | row r + D/10 | ... |            ten slabs at
//     bits 29..27, 26..24, ...
//
//     W = (code - zero) * scale,  one scale and zero a group
//
// computed in double and rounded once; the reference rounds after each step in its compute type.
// Source: hqq/core/bitpack.py, hqq/core/quantize.py Quantizer.dequantize.
#pragma once

#include "codec/matrix.h"

namespace qualm::codec {

struct HqqParts {
  Part codes;  ///< W_q, raw bytes count (a float dtype may disguise them)
  Part scale;  ///< F32, F16 or BF16; R elements
  Part zero;   ///< the same
};

struct HqqState {
  std::string packing;    ///< "8bit_u8", "4bit_u8", "3bit_32", "2bit_u8", "1bit_u8"
  std::int64_t bits = 4;  ///< for the name: 5 and 6 bit codes are stored as 8bit_u8
  std::int64_t group_size = 64;
  int axis = 1;
  std::int64_t outputs = 0;  ///< N
  std::int64_t inputs = 0;   ///< K
};

[[nodiscard]] Result<Matrix> make_hqq(const HqqParts& parts, const HqqState& state);

}  // namespace qualm::codec
