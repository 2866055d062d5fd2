// The steps (model::TensorData::steps) of ggml's grids and books.
//
// A weight of these types is step * integer + offset, with one step for 16 or 32 neighbours (256
// for the ternary types), or scale * value of a book of 16, whose gaps differ. d and dmin are
// float16; sc are small integers, packed as drawn:
//
//     Q4_0  | d | 16 B |             Q5_0  | d | 4 B | 16 B |       Q8_0 | d | 32 B |     step d
//     Q4_1  | d | m | 16 B |         Q5_1  | d | m | 4 B | 16 B |                         step d
//     Q2_K  | 16 x (sc:4 m:4) | 64 B | d | dmin |                  16 weights,  step d * sc
//     Q3_K  | 32 B | 64 B | 12 B: 16 x sc:6, less 32 | d |         16 weights,  step |d * sc|
//     Q4_K  | d | dmin | 12 B: 8 x (sc:6 m:6) | 128 B |            32 weights,  step d * sc
//     Q5_K  | d | dmin | 12 B: 8 x (sc:6 m:6) | 32 B | 128 B |     32 weights,  step d * sc
//     Q6_K  | 128 B | 64 B | 16 x sc:i8 | d |                      16 weights,  step |d * sc|
//     TQ1_0 | 48 B | 4 B | d |       TQ2_0 | 64 B | d |            256 weights, step d
//     IQ4_NL | d | 16 B |            32 weights: nibbles, low ones first 16;  scale d
//     IQ4_XS | d | 8 x sc:2 (high) | 8 x sc:4 (low) | 8 x 16 B |  the same, scale d * (sc - 32)
//     MXFP4  | E8M0 | 16 B |         the same over E2M1
//
// Source: ggml-common.h (block_*) and ggml-quants.c (dequantize_row_*, get_scale_min_k4). The test
// holds every type against libggml's own decoder: differences within a group are whole steps, and
// weights of a book are its values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/file.h"
#include "model/checkpoint.h"

namespace qualm::codec {

/// Of whole blocks of `type` (ggml's id), rows * row_length weights, in `bytes`, which `file` keeps
/// alive. Null for numbers, for lattices (IQ1_*, IQ2_*, IQ3_*: a code is 4 or 8 weights) and for
/// types whose layout is not known here.
[[nodiscard]] std::shared_ptr<const model::TensorData> ggml_steps(
    int type, std::int64_t rows, std::int64_t row_length, std::span<const std::byte> bytes,
    std::shared_ptr<const FileSource> file);

}  // namespace qualm::codec
