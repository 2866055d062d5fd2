// Which rows of a tensor are read where not all are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace qualm::model {

/// Row numbers spread evenly over [0, rows), ascending and always the same: of `count` the i-th is
/// floor(i * rows / count). All rows where there are no more than `at_most`; none of no rows.
/// Precondition: at_most in [1, 2^31].
[[nodiscard]] inline std::vector<std::int64_t> sample_rows(std::int64_t rows,
                                                           std::int64_t at_most) {
  const std::int64_t count = std::clamp<std::int64_t>(rows, 0, at_most);
  std::vector<std::int64_t> sample;
  sample.reserve(static_cast<std::size_t>(count));
  // Without the product i * rows, which a hostile shape could make overflow.
  for (std::int64_t i = 0; i < count; ++i)
    sample.push_back(i * (rows / count) + i * (rows % count) / count);
  return sample;
}

}  // namespace qualm::model
