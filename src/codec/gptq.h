// GPTQ as AutoGPTQ, GPTQModel and AutoRound store it. b bits, groups of g inputs, G = ceil(K/g).
//
//     qweight [K*b/32, N]  codes packed down the inputs     qzeros [G, N*b/32]  packed along the
//     outputs
//        column n                                           scales [G, N]       g_idx [K]
//        (optional)
//     | c7 c6 c5 c4 c3 c2 c1 c0 |  word 0 (4 bit)
//     | c15 ...               c8 |  word 1
//
//     W[n,k] = scales[j,n] * (code[k,n] - zero[j,n]),   j = g_idx[k] or k / g
//
// exact in float32 for F16 and BF16 scales. Widths 2, 3, 4, 8 are a bit stream; 3 (in gptq_p), 5,
// 6, 7 are cut into planes (bits.h). Zero points: v1 stores them less one, v2 and gptq_p as they
// are.
#pragma once

#include <optional>
#include <string_view>

#include "codec/matrix.h"

namespace qualm::codec {

struct GptqParts {
  Part qweight;               ///< I32
  Part qzeros;                ///< I32
  Part scales;                ///< F16, BF16 or F32
  std::optional<Part> g_idx;  ///< I32
};

struct GptqConfig {
  int bits = 0;                 ///< used only where the shapes leave it open
  std::int64_t group_size = 0;  ///< 0 or -1: from the shapes
  bool planar = false;          ///< checkpoint_format gptq_p; widths 5, 6, 7 are planar anyway
  bool zeros_less_one = true;   ///< v1
  /// Writer subtracted the ones of a v1 file from whole words (GPTQModel), so a zero point 0
  /// borrowed from its neighbours; adding them to the whole word restores all.
  bool whole_word_zeros = false;
  bool ordered = false;   ///< desc_act without static groups: g_idx must be out of order
  bool symmetric = true;  ///< then the words themselves tell v1 from v2, whatever the label says
  bool says_symmetric = false;  ///< the configuration does: each zero point is the middle code
};

/// Notes: a label v1 or v2 that the zero points contradict (the zero points are believed: symmetric
/// ones are all the middle code, others lie where the codes of a row have their mean), symmetric
/// ones that are another code, a group size or an order of inputs that is not that of the tensors,
/// and the number of zero points 2^b - 1 in a v1 file, which readers take for 0 or for 2^b (here
/// 0).
[[nodiscard]] Result<Matrix> make_gptq(const GptqParts& parts, const GptqConfig& config);

}  // namespace qualm::codec
