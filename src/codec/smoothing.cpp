#include "codec/smoothing.h"

#include <cmath>
#include <limits>

namespace qualm::codec {

std::vector<std::optional<double>> smoothing_scales(std::span<const float> original,
                                                    std::span<const float> smoothed, bool gemma) {
  const double shift = gemma ? 1 : 0;
  std::vector<std::optional<double>> scales(std::min(original.size(), smoothed.size()));
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const double s = (shift + original[i]) / (shift + smoothed[i]);
    if (std::isfinite(s) && s != 0) scales[i] = s;
  }
  return scales;
}

void undo_smoothing(std::span<float> rows, std::span<const std::optional<double>> s) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& scale = s[i % s.size()];
    rows[i] =
        scale ? static_cast<float>(rows[i] / *scale) : std::numeric_limits<float>::quiet_NaN();
  }
}

}  // namespace qualm::codec
