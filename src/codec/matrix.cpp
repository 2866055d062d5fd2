#include "codec/matrix.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace qualm::codec {

Error part_error(std::string code, const Part& part, std::string expected, std::string found) {
  return {Kind::input,
          std::move(code),
          part.file ? part.file->path() : std::string(),
          "tensor " + part.name,
          std::move(expected),
          std::move(found),
          "The file is damaged, or was written by a tool that stores this scheme differently."};
}

Result<void> expect_dtype(const Part& part, std::initializer_list<Dtype> allowed) {
  if (std::ranges::find(allowed, part.dtype) != allowed.end()) return {};
  std::vector<std::string_view> names;
  std::ranges::transform(allowed, std::back_inserter(names), dtype_name);
  return fail(part_error("CODEC-103", part, fmt::format("{}", fmt::join(names, " or ")),
                         std::string(dtype_name(part.dtype))));
}

Result<void> expect_shape(const Part& part, std::initializer_list<std::int64_t> shape) {
  const bool fits = std::ranges::equal(
      part.shape, shape,
      [](std::int64_t found, std::int64_t want) { return want < 0 || found == want; });
  if (fits) return {};
  std::vector<std::string> sizes;
  for (const std::int64_t n : shape) sizes.push_back(n < 0 ? "any" : fmt::format("{}", n));
  return fail(part_error("CODEC-104", part, fmt::format("shape [{}]", fmt::join(sizes, ", ")),
                         shape_text(part)));
}

Result<void> expect_filled(const Part& part) {
  if (part.elements() > 0) return {};
  return fail(part_error("CODEC-104", part, "at least one element", shape_text(part)));
}

Result<void> expect_scales(const Part& part, std::int64_t rows, std::int64_t columns) {
  QUALM_CHECK(expect_dtype(part, {Dtype::kF16, Dtype::kBF16, Dtype::kF32}));
  return expect_shape(part, {rows, columns});
}

Result<void> expect_finite(const Part& part, std::span<const float> values, std::int64_t index) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return {};
  return fail(part_error("CODEC-106", part, "finite numbers",
                         fmt::format("{} at element {}", *bad, index + (bad - values.begin()))));
}

Result<std::int64_t> group_size_for(const Part& scales, std::int64_t inputs, std::int64_t groups,
                                    std::int64_t configured) {
  if (groups == 1) return std::max<std::int64_t>(inputs, 1);
  if (configured > 0 && ceil_divide(inputs, configured) == groups) return configured;
  if (groups > 0 && inputs > 0 && inputs % groups == 0) return inputs / groups;
  return fail(
      part_error("CODEC-104", scales,
                 fmt::format("a number of groups that {} inputs divide into (group size {})",
                             inputs, configured),
                 fmt::format("{} groups", groups)));
}

Error rows_error(std::int64_t first, std::int64_t count, std::int64_t rows) {
  return {Kind::input,
          "CODEC-101",
          "",
          "",
          fmt::format("rows inside the {} there are", rows),
          fmt::format("{} from {}", count, first),
          "This is a mistake in qualm; please report it."};
}

Error memory_error(std::int64_t count, std::int64_t row_length) {
  return {Kind::input,
          "CODEC-109",
          "",
          "",
          fmt::format("memory to decode {} rows of {} weights", count, row_length),
          "none",
          "Give the program more memory."};
}

}  // namespace qualm::codec
