// bitsandbytes 4 bit (nf4, fp4), with plain or nested scales. (Its int8 is scaled.h with factor
// 1/127.)
//
//     weight, bytes      | w0 w1 | w2 w3 | ...   the first weight in the HIGH nibble; row-major
//     [N,K], absmax             one for a block of `blocksize` weights; blocks run across rows
//
//     W_i = map[code_i] * absmax[i / blocksize]
//     nested: absmax[j] = nested_map[u8_j] * nested_absmax[j / nested_blocksize] + nested_offset
//
// in float32, rounded after each operation; the reference's last step, a cast to the state's dtype,
// is left out. The maps are the file's own, as in the reference, not built-in tables. Source:
// bitsandbytes/functional.py QuantState, backends/default/ops.py dequantize_4bit.
#pragma once

#include <optional>

#include "codec/matrix.h"

namespace qualm::codec {

struct NestedScales {
  Part absmax;  ///< F32
  Part map;     ///< F32 [256]
  std::int64_t block_size = 256;
  float offset = 0;
};

struct Bnb4Parts {
  Part weight;  ///< any dtype: the raw bytes count
  Part absmax;  ///< F32, or U8 when nested
  Part map;     ///< F32 [16]
  std::optional<NestedScales> nested;
};

struct Bnb4State {
  std::string type;  ///< "nf4", "fp4"
  std::int64_t block_size = 64;
  std::vector<std::int64_t> shape;  ///< of the weight: [N, K], or with leading experts
};

[[nodiscard]] Result<Matrix> make_bnb4(const Bnb4Parts& parts, const Bnb4State& state);

}  // namespace qualm::codec
