#include "codec/marlin.h"

#include <fmt/format.h>

#include <array>

#include "codec/bits.h"
#include "codec/groups.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

constexpr int kRun = 1024;

/// stored[t] is where the code of place t of its run of 1024 lies.
consteval std::array<std::int16_t, kRun> make_stored() {
  std::array<int, kRun> places{};  // places[o]: the place whose code lies at o
  int filled = 0;
  for (int i = 0; i < 32; ++i) {
    const int rows[4] = {2 * (i % 4), 2 * (i % 4) + 1, 2 * (i % 4 + 4), 2 * (i % 4 + 4) + 1};
    for (int tile = 0; tile < 4; ++tile) {
      for (int half = 0; half < 2; ++half) {
        for (const int row : rows) places[filled++] = 16 * row + i / 4 + 8 * half + 256 * tile;
      }
    }
  }
  constexpr int kInterleave[8] = {0, 2, 4, 6, 1, 3, 5, 7};
  std::array<std::int16_t, kRun> stored{};
  for (int o = 0; o < kRun; ++o)
    stored[static_cast<std::size_t>(places[o / 8 * 8 + kInterleave[o % 8]])] =
        static_cast<std::int16_t>(o);
  return stored;
}

constexpr auto kStored = make_stored();

/// Where the scale of element i of the flattened [G, N] lies.
std::int64_t stored_scale(std::int64_t i, bool one_group) noexcept {
  if (!one_group) return i / 64 * 64 + i % 8 * 8 + i % 64 / 8;
  constexpr int kPlaces[8] = {0, 1, 8, 9, 16, 17, 24, 25};
  const std::int64_t in_run = i % 32;
  for (int row = 0; row < 4; ++row) {
    for (int j = 0; j < 8; ++j) {
      if (2 * row + kPlaces[j] == in_run) return i / 32 * 32 + 8 * row + j;
    }
  }
  return i;
}

template <class Of>
class MarlinRows {
 public:
  MarlinRows(MarlinParts parts, Groups groups)
      : parts_(std::move(parts)), groups_(std::move(groups)) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const std::int64_t inputs = parts_.weight.shape[0] * 16;
    const std::int64_t outputs = parts_.scales.shape[1];
    std::vector<float> scales(static_cast<std::size_t>(groups_.count));
    for (std::int64_t n = first; n < first + count; ++n, out += inputs) {
      for (std::int64_t j = 0; j < groups_.count; ++j) {
        const std::int64_t at = stored_scale(j * outputs + n, groups_.count == 1);
        float& scale = scales[static_cast<std::size_t>(j)];
        decode_numbers(parts_.scales, at, 1, &scale);
        QUALM_CHECK(expect_finite(parts_.scales, {&scale, 1}, at));
      }
      for (std::int64_t k = 0; k < inputs; ++k)
        out[k] = Of{}(static_cast<float>(code(k, n)), 8.0F,
                      scales[static_cast<std::size_t>(groups_.of(k))]);
    }
    return {};
  }

 private:
  unsigned code(std::int64_t k, std::int64_t n) const noexcept {
    const std::int64_t place = n / 16 * 256 + k % 16 * 16 + n % 16;
    const std::int64_t at = place / kRun * kRun + kStored[static_cast<std::size_t>(place % kRun)];
    const std::int64_t word = k / 16 * parts_.weight.shape[1] + at / 8;
    return (load<std::uint32_t>(parts_.weight.bytes.data(), word) >> (at % 8 * 4)) & 15u;
  }

  MarlinParts parts_;
  Groups groups_;
};

}  // namespace

Result<Matrix> make_marlin(const MarlinParts& parts) {
  QUALM_CHECK(expect_dtype(parts.weight, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_scales(parts.scales, -1, -1));
  QUALM_CHECK(expect_filled(parts.scales));
  const std::int64_t outputs = parts.scales.shape[1];
  QUALM_CHECK(expect_shape(parts.weight, {-1, 2 * outputs}));
  QUALM_CHECK(expect_filled(parts.weight));
  if (outputs % 64 != 0)
    return fail(part_error("CODEC-104", parts.scales, "a multiple of 64 outputs",
                           shape_text(parts.scales)));
  const std::int64_t inputs = parts.weight.shape[0] * 16;
  QUALM_TRY(const Groups groups, find_groups(parts.scales, {}, inputs, parts.scales.shape[0], 0));
  std::string name = fmt::format("Marlin 4 bit {}", groups.label);
  return Matrix{{outputs, inputs},
                {std::move(name), -1, groups.grid(4, inputs, ZeroPoint::middle)},
                rows_and_steps(outputs, inputs, MarlinRows<GridWeight>(parts, groups),
                               MarlinRows<GridStep>(parts, groups)),
                {}};
}

}  // namespace qualm::codec
