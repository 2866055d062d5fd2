// AWQ's folded scales. AutoAWQ multiplies the input columns of a linear by s and divides the norm
// (or the linear) that produces this input by s; the product is unchanged, the stored weights are
// not.
//
//     norm' = norm / s      W'[:,i] = W[:,i] * s[i]          (Gemma: 1 + norm' = (1 + norm) / s)
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qualm::codec {

/// s[i] = original[i] / smoothed[i] from the two norm tensors, known to their float16 rounding
/// (2^-11). Absent where either is 0 or not finite: that column cannot be compared. `gemma`: norms
/// act as 1 + w.
[[nodiscard]] std::vector<std::optional<double>> smoothing_scales(std::span<const float> original,
                                                                  std::span<const float> smoothed,
                                                                  bool gemma = false);

/// Divides the columns of `rows` (a multiple of s.size() values) by s; a column without s becomes
/// NaN.
void undo_smoothing(std::span<float> rows, std::span<const std::optional<double>> s);

}  // namespace qualm::codec
