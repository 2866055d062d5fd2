#include "codec/exl2.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/bits.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

struct WidthGroup {
  int bits = 0;
  std::int64_t row = 0;    ///< first row of q_weight
  std::int64_t input = 0;  ///< first packed input
  std::int64_t count = 0;  ///< packed inputs
};

/// What the groups say: each takes the rows up to the next one's, the last one what is left of K.
Result<std::vector<WidthGroup>> read_groups(const Exl2Parts& parts, std::int64_t inputs) {
  const Part& table = parts.q_groups;
  const std::int64_t rows = parts.q_weight.shape[0];
  const std::int64_t count = table.elements() / 2;
  const auto refuse = [&](std::int64_t j, std::string expected, std::string found) {
    return fail(
        part_error("CODEC-107", table, fmt::format("group {}: {}", j, expected), std::move(found)));
  };
  const auto entry = [&](std::int64_t i) { return load<std::uint16_t>(table.bytes.data(), i); };
  std::vector<WidthGroup> groups;
  std::int64_t input = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const int bits = entry(2 * j);
    const std::int64_t row = entry(2 * j + 1);
    const std::int64_t end = j + 1 < count ? entry(2 * j + 3) : rows;
    if (bits < 2 || bits > 8 || bits == 7)
      return refuse(j, "2, 3, 4, 5, 6 or 8 bits", fmt::format("{}", bits));
    if ((j == 0 && row != 0) || end <= row || end > rows)
      return refuse(j, fmt::format("rows in order inside {}", rows),
                    fmt::format("[{}, {})", row, end));
    const bool last = j + 1 == count;
    const std::int64_t room = (end - row) * 32 / bits;
    if (!last && (end - row) * 32 % bits != 0)
      return refuse(j, "whole codes", fmt::format("{} words of {} bits", end - row, bits));
    const std::int64_t taken = last ? inputs - input : room;
    if (taken <= 0 || taken > room || input + taken > inputs)
      return refuse(j, fmt::format("inputs that add up to {}", inputs),
                    fmt::format("{}", input + room));
    groups.push_back({bits, row, input, taken});
    input += taken;
  }
  return groups;
}

/// perm[q_invperm[r]] = r: the original input of each packed one.
Result<std::vector<std::int32_t>> read_permutation(const Part& part) {
  const std::int64_t inputs = part.elements();
  std::vector<std::int32_t> original(static_cast<std::size_t>(inputs), -1);
  for (std::int64_t r = 0; r < inputs; ++r) {
    const std::int64_t packed = load<std::int32_t>(part.bytes.data(), r);
    if (packed < 0 || packed >= inputs || original[static_cast<std::size_t>(packed)] >= 0)
      return fail(part_error("CODEC-108", part, fmt::format("a permutation of 0 .. {}", inputs - 1),
                             fmt::format("{} for input {}", packed, r)));
    original[static_cast<std::size_t>(packed)] = static_cast<std::int32_t>(r);
  }
  return original;
}

template <class Of>
class Exl2Rows {
 public:
  Exl2Rows(Exl2Parts parts, std::vector<WidthGroup> groups, std::vector<std::int32_t> original)
      : parts_(std::move(parts)), groups_(std::move(groups)), original_(std::move(original)) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const auto inputs = static_cast<std::int64_t>(original_.size());
    std::vector<float> maxima(groups_.size());
    decode_numbers(parts_.q_scale_max, 0, static_cast<std::int64_t>(maxima.size()), maxima.data());
    QUALM_CHECK(expect_finite(parts_.q_scale_max, maxima, 0));
    for (std::size_t j = 0; j < groups_.size(); ++j) {
      const float m = round_to_half(maxima[j] / 256);
      for (std::int64_t i = 0; i < count; ++i) {
        const auto root = static_cast<float>(nibble(static_cast<std::int64_t>(j), first + i) + 1);
        group(groups_[j], first + i, round_to_half(root * root * m), out + i * inputs);
      }
    }
    return {};
  }

 private:
  unsigned nibble(std::int64_t j, std::int64_t n) const noexcept {
    const std::int64_t word = j * parts_.q_scale.shape[1] + n / 8;
    return (load<std::uint32_t>(parts_.q_scale.bytes.data(), word) >> (n % 8 * 4)) & 15u;
  }

  void group(const WidthGroup& group, std::int64_t n, float scale, float* row) const noexcept {
    const std::int64_t columns = parts_.q_weight.shape[1];
    const float middle = static_cast<float>(1 << (group.bits - 1));
    for (std::int64_t done = 0; done < group.count; done += 32) {
      const auto length = static_cast<int>(std::min<std::int64_t>(32, group.count - done));
      const std::int64_t first_word = group.row + done / 32 * group.bits;
      std::uint32_t words[8] = {};
      for (std::int64_t i = 0; i < ceil_divide(length * group.bits, 32); ++i)
        words[i] =
            load<std::uint32_t>(parts_.q_weight.bytes.data(), (first_word + i) * columns + n);
      std::uint8_t codes[32];
      unpack_stream(words, group.bits, length, codes);
      const std::int32_t* original = original_.data() + group.input + done;
      for (int i = 0; i < length; ++i)
        row[original[i]] = round_to_half(Of{}(static_cast<float>(codes[i]), middle, scale));
    }
  }

  Exl2Parts parts_;
  std::vector<WidthGroup> groups_;
  std::vector<std::int32_t> original_;
};

Result<void> check_shapes(const Exl2Parts& parts) {
  QUALM_CHECK(expect_dtype(parts.q_weight, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_dtype(parts.q_scale, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_dtype(parts.q_scale_max, {Dtype::kF16}));
  QUALM_CHECK(expect_dtype(parts.q_groups, {Dtype::kI16, Dtype::kU16}));
  QUALM_CHECK(expect_dtype(parts.q_invperm, {Dtype::kI32}));
  QUALM_CHECK(expect_shape(parts.q_weight, {-1, -1}));
  QUALM_CHECK(expect_shape(parts.q_invperm, {-1}));
  QUALM_CHECK(expect_shape(parts.q_groups, {-1}));
  for (const Part* part : {&parts.q_weight, &parts.q_invperm, &parts.q_groups})
    QUALM_CHECK(expect_filled(*part));
  const std::int64_t columns = parts.q_weight.shape[1];
  if (columns % 32 != 0)
    return fail(part_error("CODEC-104", parts.q_weight, "a multiple of 32 columns",
                           shape_text(parts.q_weight)));
  if (parts.q_groups.elements() % 2 != 0)
    return fail(part_error("CODEC-104", parts.q_groups, "pairs of width and row",
                           shape_text(parts.q_groups)));
  const std::int64_t groups = parts.q_groups.elements() / 2;
  QUALM_CHECK(expect_shape(parts.q_scale_max, {groups}));
  return expect_shape(parts.q_scale, {groups, columns / 8});
}

}  // namespace

Result<Matrix> make_exl2(const Exl2Parts& parts, std::int64_t outputs) {
  QUALM_CHECK(check_shapes(parts));
  const std::int64_t columns = parts.q_weight.shape[1];
  const std::int64_t rows = outputs > 0 ? outputs : columns;
  if (rows > columns || columns - rows >= 32)
    return fail(part_error("CODEC-104", parts.q_weight,
                           fmt::format("{} outputs, rounded up to a multiple of 32", rows),
                           shape_text(parts.q_weight)));
  const std::int64_t inputs = parts.q_invperm.elements();
  QUALM_TRY(const auto groups, read_groups(parts, inputs));
  QUALM_TRY(const auto original, read_permutation(parts.q_invperm));
  double bits = 0;
  model::Grid grid{{}, true, true};
  for (const WidthGroup& group : groups) {
    bits += static_cast<double>(group.bits * group.count);
    grid.groups.push_back({group.bits, group.count});
  }
  std::string name = fmt::format("EXL2 {:.2f} bit", bits / static_cast<double>(inputs));
  return Matrix{{rows, inputs},
                {std::move(name), -1, std::move(grid)},
                rows_and_steps(rows, inputs, Exl2Rows<GridWeight>(parts, groups, original),
                               Exl2Rows<GridStep>(parts, groups, original)),
                {}};
}

}  // namespace qualm::codec
