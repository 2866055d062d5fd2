// EXL3 (exllamav3): trellis-coded 16x16 tiles between two Hadamard transforms.
//
//     trellis I16 [K/16, N/16, 16 B]   one tile: 256 overlapping 16-bit windows of a circular
//     stream
//         stream bits   ... b b b b b b b b b b ...          B bits per weight
//         state of t    the 16 bits that end before bit (t+1) B; a hash of it is the weight
//     suh F16 [K], svh F16 [N]         signs times scales of inputs and outputs
//
//     W[n,k] = svh[n] * suh[k] * (H_K M H_N)[k,n],   M the decoded tiles,
//     H = block-diagonal, blocks of 128 x 128: Sylvester-Hadamard / sqrt(128)
//
// The codebook's value is a float16, as stored formats go; what follows is computed in float32.
// There is no unique exact result: the reference rounds to float16 at other places in each of its
// kernels. A block of 128 outputs is decoded whole: read rows in multiples of 128. Source:
// exllamav3_ext/quant/codebook.cuh, exl3_dq.cuh; modules/quant/exl3.py get_weight_tensor.
#pragma once

#include <array>

#include "codec/matrix.h"

namespace qualm::codec {

enum class Exl3Codebook { three_inst, mcg, mul1 };

struct Exl3Parts {
  Part trellis;  ///< I16, [K/16, N/16, 16 B]
  Part suh;      ///< F16 [K]
  Part svh;      ///< F16 [N]
  Exl3Codebook codebook = Exl3Codebook::three_inst;
};

/// outputs, inputs: the model's sizes (K and N are padded to multiples of 128); 0: as stored.
/// Errors: CODEC-102 not 1 to 8 bits, CODEC-103, -104, -106.
[[nodiscard]] Result<Matrix> make_exl3(const Exl3Parts& parts, std::int64_t outputs,
                                       std::int64_t inputs);

/// The weight of a state, a float16 number.
[[nodiscard]] float exl3_value(Exl3Codebook codebook, std::uint32_t state) noexcept;

/// One tile of 16 * bits 16-bit words: tile[16 * input + output].
[[nodiscard]] std::array<float, 256> exl3_tile(const std::byte* words, int bits,
                                               Exl3Codebook codebook) noexcept;

}  // namespace qualm::codec
