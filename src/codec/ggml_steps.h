// The steps of ggml's uniform grids: how far apart the values are that a weight could have had.
//
// A weight of these types is step * integer + offset, with one step for 16 or 32 neighbours (256
// for the ternary types). d and dmin are float16; sc are small integers, packed as drawn:
//
//     Q4_0  | d | 16 B |             Q5_0  | d | 4 B | 16 B |       Q8_0 | d | 32 B |     step d
//     Q4_1  | d | m | 16 B |         Q5_1  | d | m | 4 B | 16 B |                         step d
//     Q2_K  | 16 x (sc:4 m:4) | 64 B | d | dmin |                  16 weights,  step d * sc
//     Q3_K  | 32 B | 64 B | 12 B: 16 x sc:6, less 32 | d |         16 weights,  step |d * sc|
//     Q4_K  | d | dmin | 12 B: 8 x (sc:6 m:6) | 128 B |            32 weights,  step d * sc
//     Q5_K  | d | dmin | 12 B: 8 x (sc:6 m:6) | 32 B | 128 B |     32 weights,  step d * sc
//     Q6_K  | 128 B | 64 B | 16 x sc:i8 | d |                      16 weights,  step |d * sc|
//     TQ1_0 | 48 B | 4 B | d |       TQ2_0 | 64 B | d |            256 weights, step d
//
// Source: ggml-common.h (block_*) and ggml-quants.c (dequantize_row_*, get_scale_min_k4). The test
// holds every type against libggml's own decoder: differences within a group are whole steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/checkpoint.h"

namespace qualm::codec {

/// One step for each weight of whole blocks of `type` (ggml's id). False, and nothing written, for
/// types whose grid is not uniform (floats, IQ*, FP4) or whose layout is not known here.
[[nodiscard]] bool ggml_steps(int type, std::span<const std::byte> blocks, std::span<float> out);

/// The same for rows [first, first + count) of a tensor. False also where its bytes are not ggml's.
[[nodiscard]] bool row_steps(const model::Tensor& tensor, std::int64_t first, std::int64_t count,
                             std::span<float> out);

}  // namespace qualm::codec
