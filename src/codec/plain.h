// Numbers stored one by one: F64, F32, F16, BF16, the 8-bit floats, integers.
//
//     | w[0,0] | w[0,1] | ... | w[0,K-1] | w[1,0] | ...          W[n,k] = w[n,k]
#pragma once

#include "codec/matrix.h"

namespace qualm::codec {

/// Any rank; rows run along the last dimension. Gives ggml's type where ggml has the dtype.
/// Error: CODEC-103 for dtypes that hold no numbers (BOOL, C64) or several in a byte.
[[nodiscard]] Result<Matrix> make_plain(const Part& part);

}  // namespace qualm::codec
