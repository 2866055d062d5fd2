#include "codec/groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/bits.h"

namespace qualm::codec {
namespace {

Result<std::vector<std::int32_t>> read_index(const Part& g_idx, std::int64_t inputs,
                                             std::int64_t count) {
  QUALM_CHECK(expect_dtype(g_idx, {Dtype::kI32}));
  QUALM_CHECK(expect_shape(g_idx, {inputs}));
  std::vector<std::int32_t> index(static_cast<std::size_t>(inputs));
  for (std::int64_t k = 0; k < inputs; ++k) {
    const std::int64_t stored = load<std::int32_t>(g_idx.bytes.data(), k);
    const std::int64_t group = stored < 0 ? stored + count : stored;
    if (group < 0 || group >= count)
      return fail(part_error("CODEC-105", g_idx, fmt::format("groups below {}", count),
                             fmt::format("{} for input {}", stored, k)));
    index[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(group);
  }
  return index;
}

}  // namespace

Result<Groups> find_groups(const Part& scales, const std::optional<Part>& g_idx,
                           std::int64_t inputs, std::int64_t count, std::int64_t configured) {
  Groups groups{count, 1, {}, "per channel"};
  if (g_idx) {
    QUALM_TRY(groups.index, read_index(*g_idx, inputs, count));
    if (std::ranges::all_of(groups.index, [](std::int32_t group) { return group == 0; }))
      groups.index.clear();
  }
  const auto size = group_size_for(scales, inputs, count, configured);
  if (!size && groups.index.empty()) return std::unexpected(size.error());
  if (size) groups.size = *size;
  bool in_order = size.has_value();
  for (std::size_t k = 0; in_order && k < groups.index.size(); ++k)
    in_order = groups.index[k] == static_cast<std::int64_t>(k) / groups.size;
  if (in_order) groups.index.clear();
  if (count > 1) {
    const std::int64_t shown = size ? *size : ceil_divide(inputs, count);
    groups.label = fmt::format("g{}{}", shown, in_order ? "" : " act-order");
  }
  return groups;
}

}  // namespace qualm::codec
