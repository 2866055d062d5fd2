#include "codec/plain_rounding.h"

#include <algorithm>
#include <cmath>

#include "codec/numbers.h"

namespace qualm::codec {
namespace {

float last_code(int bits) { return static_cast<float>((1 << bits) - 1); }

/// The nearest of EXL2's sixteen, by the root.
float root_scaled(float scale, float largest) {
  const float k = std::clamp(std::round(std::sqrt(scale / largest) * 16), 1.0F, 16.0F);
  return round_to_half(k * k * round_to_half(largest / 256));
}

}  // namespace

PlainRounding::PlainRounding(const model::Grid& grid, std::int64_t length)
    : length_(static_cast<std::size_t>(length)),
      symmetric_(grid.symmetric),
      root_scales_(grid.root_scales) {
  for (std::size_t begin = 0, i = 0; begin < length_; i = std::min(i + 1, grid.groups.size() - 1)) {
    const auto inputs = static_cast<std::size_t>(grid.groups[i].inputs);
    groups_.push_back({begin, std::min(inputs, length_ - begin), grid.groups[i].bits});
    begin += groups_.back().count;
  }
}

PlainRounding::Range PlainRounding::range_of(const Group& group,
                                             std::span<const float> weights) const {
  const auto [least, most] = std::ranges::minmax(weights);
  float low = std::min(least, 0.0F), high = std::max(most, 0.0F);
  if (symmetric_) {
    high = std::max(-low, high);
    low = -high;
  }
  return {low, (high - low) / last_code(group.bits)};
}

void PlainRounding::see(std::span<const float> rows) {
  for (; root_scales_ && !rows.empty(); rows = rows.subspan(length_))
    for (Group& group : groups_)
      group.largest_scale = std::max(group.largest_scale,
                                     range_of(group, rows.subspan(group.begin, group.count)).scale);
}

void PlainRounding::round_group(const Group& group, std::span<float> weights) const {
  const Range range = range_of(group, weights);
  const float scale =
      root_scales_ ? root_scaled(range.scale, group.largest_scale) : round_to_half(range.scale);
  if (!(scale > 0) || !std::isfinite(scale)) return;  // all zero, or nothing that float16 can scale
  const float last = last_code(group.bits);
  const float zero = symmetric_ ? (last + 1) / 2 : std::round(-range.low / scale);
  for (float& w : weights)
    w = (std::clamp(std::round(w / scale) + zero, 0.0F, last) - zero) * scale;
}

void PlainRounding::round(std::span<float> rows) const {
  for (; !rows.empty(); rows = rows.subspan(length_))
    for (const Group& group : groups_) round_group(group, rows.subspan(group.begin, group.count));
}

}  // namespace qualm::codec
