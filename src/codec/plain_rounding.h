// Rounding to the nearest, without calibration: what GPTQ, AWQ and EXL2 are better than, or not.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/checkpoint.h"

namespace qualm::codec {

/// Each weight to the nearest value of the grid that the extremes of its group in its row span, as
/// GPTQ's find_params (Frantar et al., 2022) without a search: scale = range / (2^b - 1), 0 in the
/// range, kept in float16 as the formats keep it; the zero point is a whole code.
class PlainRounding {
 public:
  /// Rows of `length` weights. Precondition: groups of 1 to 8 bits and an input at least, one of
  /// them at least.
  PlainRounding(const model::Grid& grid, std::int64_t length);

  /// Grid::root_scales: every row is shown before the first one is rounded.
  void see(std::span<const float> rows);
  void round(std::span<float> rows) const;

 private:
  struct Group {
    std::size_t begin = 0;
    std::size_t count = 0;
    int bits = 0;
    float largest_scale = 0;
  };
  struct Range {
    float low = 0;
    float scale = 0;
  };
  [[nodiscard]] Range range_of(const Group& group, std::span<const float> weights) const;
  void round_group(const Group& group, std::span<float> weights) const;

  std::size_t length_;
  std::vector<Group> groups_;
  bool symmetric_;
  bool root_scales_;
};

}  // namespace qualm::codec
