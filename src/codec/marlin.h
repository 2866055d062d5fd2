// Marlin: 4 bit symmetric weights in the order a tensor-core kernel reads them. GPTQ checkpoints of
// format "marlin" (tensors B, s) and AWQ of version "marlin" (qweight, scales).
//
//     B [K/16, 2N]   one row holds 16 inputs of all N outputs, 16x16 tiles, runs of 1024 codes
//     shuffled s [G, N]       runs of 64 scales shuffled (of 32 where G = 1)
//
//     W[n,k] = s[k/g, n] * (code[k,n] - 8)
//
// Code (k, n) is at place t = n/16*256 + k%16*16 + n%16 of row k/16 before the shuffle; marlin.cpp
// has it. Source: AutoGPTQ nn_modules/qlinear/qlinear_marlin.py, _get_perms and QuantLinear.pack.
#pragma once

#include "codec/matrix.h"

namespace qualm::codec {

struct MarlinParts {
  Part weight;  ///< I32 [K/16, 2N], N a multiple of 64
  Part scales;  ///< F16 [G, N]
};

[[nodiscard]] Result<Matrix> make_marlin(const MarlinParts& parts);

}  // namespace qualm::codec
