// The kernel: two rows of logits and the token that follows, to one Score.
#pragma once

#include <cstdint>
#include <span>

#include "engine/engine.h"
#include "evaluate/measurement.h"

namespace qualm::evaluate {

/// Scores rows of baseline logits p against candidate logits q, each out.size() x vocab_size, on
/// `threads` threads. targets[i] follows position i. Writes all fields of out but `position`.
///
/// float32 logits, float64 exponentials and sums, no copy of a row. Nothing is clipped, except that
/// a kld below 0 by rounding becomes 0. Identical rows give a kld of exactly 0. A row with a NaN or
/// an infinity gives `finite = false`, and `lost` where it is q's alone.
void score_rows(std::span<const float> p, std::span<const float> q, std::int64_t vocab_size,
                std::span<const engine::Token> targets, std::int32_t threads, std::span<Score> out);

}  // namespace qualm::evaluate
