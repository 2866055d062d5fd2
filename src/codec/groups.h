// Which group of weights, and so which scale and zero point, an input belongs to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/matrix.h"

namespace qualm::codec {

enum class ZeroPoint {
  middle,  ///< the middle code
  stored,  ///< a code of its own for each group
};

struct Groups {
  std::int64_t count = 1;
  std::int64_t size = 1;            ///< inputs in a row that share a group, where `index` is empty
  std::vector<std::int32_t> index;  ///< the group of each input, where they are not in order
  std::string label;                ///< "g128", "g128 act-order", "per channel"

  [[nodiscard]] std::int64_t of(std::int64_t k) const noexcept {
    return index.empty() ? k / size : index[static_cast<std::size_t>(k)];
  }
  /// For plain rounding, which has no order of its own: groups of neighbours.
  [[nodiscard]] model::Grid grid(int bits, std::int64_t inputs, ZeroPoint zero) const {
    return {{{bits, ceil_divide(inputs, count)}}, zero == ZeroPoint::middle};
  }
};

/// Groups of `inputs` inputs into `count` groups. g_idx (I32 [inputs]) decides if given: negative
/// entries count from the end as AutoGPTQ reads them, all zeros with more than one group means that
/// it was never filled in. `scales` is named in errors. CODEC-103, -104, -105 (entry out of range).
[[nodiscard]] Result<Groups> find_groups(const Part& scales, const std::optional<Part>& g_idx,
                                         std::int64_t inputs, std::int64_t count,
                                         std::int64_t configured);

}  // namespace qualm::codec
