#include "codec/gptq.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "codec/bits.h"
#include "codec/groups.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

constexpr std::int64_t kBlock = 32;  // codes; b words hold them, whatever b

struct Layout {
  int bits = 4;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t groups = 1;
  bool planar = false;
};

/// How a zero point was written.
enum class ZeroWriting {
  as_it_is,
  less_one,            ///< each field by itself: 0 became the largest code
  less_one_from_word,  ///< the ones were subtracted from whole words: 0 borrowed from its neighbour
  less_three_words,    ///< kOfThreeWords was
};

/// What GPTQModel 2.2.0 subtracts of three words with 32 fields of 3 bits, and adds when it loads
/// them (7.7.0: a one of each field). Ones are 0x49249249, 0x92492492, 0x24924924: first and last
/// are swapped.
constexpr std::array<std::uint32_t, 3> kOfThreeWords{0x24924924, 0x92492492, 0x49249249};

/// The zero points of a file, as stored and as meant.
class Zeros {
 public:
  Zeros(Part part, const Layout& layout, ZeroWriting writing)
      : part_(std::move(part)), layout_(layout), less_one_(writing != ZeroWriting::as_it_is) {
    if (writing == ZeroWriting::less_three_words) added_ = kOfThreeWords;
    if (writing == ZeroWriting::less_one_from_word &&
        std::has_single_bit(static_cast<unsigned>(layout.bits)))
      added_.fill(ones(layout.bits));
  }

  unsigned stored(std::int64_t group, std::int64_t n) const noexcept { return field(group, n, {}); }

  float meant(std::int64_t group, std::int64_t n) const noexcept {
    if (!less_one_) return static_cast<float>(stored(group, n));
    if (added_.front() != 0) return static_cast<float>(field(group, n, added_));
    return static_cast<float>((stored(group, n) + 1) & ((1u << layout_.bits) - 1));
  }

 private:
  /// 1 in every field of a word: 0x11111111 for 4 bits.
  static std::uint32_t ones(int bits) noexcept { return 0xffffffffu / ((1u << bits) - 1); }

  using ToWords = std::array<std::uint32_t, 3>;  ///< in turn

  unsigned field(std::int64_t group, std::int64_t n, const ToWords& added) const noexcept {
    const auto word = [&](std::int64_t i) {
      return load<std::uint32_t>(part_.bytes.data(), group * part_.shape[1] + i) +
             added[static_cast<std::size_t>(i) % added.size()];
    };
    return layout_.planar ? planar_code(word, n, layout_.bits) : stream_code(word, n, layout_.bits);
  }

  Part part_;
  Layout layout_;
  bool less_one_;
  ToWords added_{};
};

std::int64_t count_stored(const Zeros& zeros, const Layout& layout, unsigned code) {
  std::int64_t count = 0;
  for (std::int64_t group = 0; group < layout.groups; ++group)
    for (std::int64_t n = 0; n < layout.n; ++n) count += zeros.stored(group, n) == code ? 1 : 0;
  return count;
}

/// So are those of a symmetric file, read as they were written.
bool all_are_middle(const Zeros& zeros, const Layout& layout) {
  const auto middle = static_cast<float>(1u << (layout.bits - 1));
  for (std::int64_t group = 0; group < layout.groups; ++group)
    for (std::int64_t n = 0; n < layout.n; ++n)
      if (zeros.meant(group, n) != middle) return false;
  return true;
}

template <class Of>
class GptqRows {
 public:
  GptqRows(GptqParts parts, Zeros zeros, Layout layout, Groups groups)
      : parts_(std::move(parts)),
        zeros_(std::move(zeros)),
        layout_(layout),
        groups_(std::move(groups)) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    const auto cells = static_cast<std::size_t>(layout_.groups * count);
    std::vector<float> scales(cells);
    std::vector<float> zeros(cells);
    for (std::int64_t j = 0; j < layout_.groups; ++j) {
      float* row = scales.data() + j * count;
      decode_numbers(parts_.scales, j * layout_.n + first, count, row);
      QUALM_CHECK(expect_finite(parts_.scales, {row, static_cast<std::size_t>(count)},
                                j * layout_.n + first));
      for (std::int64_t i = 0; i < count; ++i)
        zeros[static_cast<std::size_t>(j * count + i)] = zeros_.meant(j, first + i);
    }
    for (std::int64_t k = 0; k < layout_.k; k += kBlock) {
      for (std::int64_t i = 0; i < count; ++i)
        block(first + i, k, {scales.data() + i, zeros.data() + i, count}, out + i * layout_.k);
    }
    return {};
  }

 private:
  /// Of one output: those of group j at [j * stride].
  struct OfGroups {
    const float* scales = nullptr;
    const float* zeros = nullptr;
    std::int64_t stride = 0;
  };

  /// Weights [k, k + 32) of output n.
  void block(std::int64_t n, std::int64_t k, OfGroups of, float* row) const noexcept {
    const auto length = static_cast<int>(std::min(kBlock, layout_.k - k));
    const auto words_used = ceil_divide(length * layout_.bits, 32);
    std::uint32_t words[8] = {};
    for (std::int64_t i = 0; i < words_used; ++i)
      words[i] = load<std::uint32_t>(parts_.qweight.bytes.data(),
                                     (k / kBlock * layout_.bits + i) * layout_.n + n);
    std::uint8_t codes[kBlock];
    (layout_.planar ? unpack_planar : unpack_stream)(words, layout_.bits, length, codes);
    for (int i = 0; i < length; ++i) {
      const std::int64_t j = groups_.of(k + i) * of.stride;
      row[k + i] = Of{}(static_cast<float>(codes[i]), of.zeros[j], of.scales[j]);
    }
  }

  GptqParts parts_;
  Zeros zeros_;
  Layout layout_;
  Groups groups_;
};

/// The width: 32 * columns(qzeros) / N where that is whole, else the configured one if it fits.
Result<int> find_bits(const GptqParts& parts, const GptqConfig& config, std::int64_t n) {
  const std::int64_t columns = parts.qzeros.shape[1];
  const std::int64_t bits = columns * 32 % n == 0 ? columns * 32 / n : config.bits;
  if (bits < 2 || bits > 8 || ceil_divide(n * bits, 32) != columns)
    return fail(part_error("CODEC-102", parts.qzeros,
                           fmt::format("zero points of 2 to 8 bits for {} outputs", n),
                           shape_text(parts.qzeros)));
  return static_cast<int>(bits);
}

Result<Layout> find_layout(const GptqParts& parts, const GptqConfig& config) {
  QUALM_CHECK(expect_dtype(parts.qweight, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_dtype(parts.qzeros, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_shape(parts.qweight, {-1, -1}));
  QUALM_CHECK(expect_filled(parts.qweight));
  const std::int64_t n = parts.qweight.shape[1];
  QUALM_CHECK(expect_scales(parts.scales, -1, n));
  QUALM_CHECK(expect_filled(parts.scales));
  const std::int64_t groups = parts.scales.shape[0];
  QUALM_CHECK(expect_shape(parts.qzeros, {groups, -1}));
  QUALM_CHECK(expect_filled(parts.qzeros));
  QUALM_TRY(const int bits, find_bits(parts, config, n));
  const std::int64_t rows = parts.qweight.shape[0];
  const bool one_plane = std::has_single_bit(static_cast<unsigned>(bits));
  if (rows * 32 % bits != 0 || (!one_plane && rows % bits != 0))
    return fail(part_error("CODEC-104", parts.qweight,
                           fmt::format("whole blocks of {} bit codes", bits),
                           shape_text(parts.qweight)));
  const bool planar = (config.planar && !one_plane) || (bits > 4 && bits < 8);
  return Layout{bits, n, rows * 32 / bits, groups, planar};
}

model::Note mislabelled(const char* label, const char* seen) {
  return {"",
          fmt::format("labelled GPTQ {}, but the zero points are those of {}, and are read as {} "
                      "(checkpoint_format should be {})",
                      label, seen, seen, seen == std::string_view("v2") ? "gptq_v2" : "gptq"),
          model::Note::Kind::mislabelled};
}

constexpr std::int64_t kColumns = 64;   // outputs that are read
constexpr int kMostBits = 4;            // wider steps than the mean of any matrix
constexpr double kLeastWeights = 4096;  // of fewer the mean says nothing
/// Steps: the mean of the weights is 0 to within a tenth of a step in trained matrices, so that of
/// the codes tells whether one is missing from the zero points.
constexpr double kNearMean = 0.3;

/// Mean of code less stored zero point; zero points that may have wrapped around are left out.
double mean_over_zero(const GptqParts& parts, const Zeros& zeros, const Layout& layout,
                      const Groups& groups) {
  double sum = 0, count = 0;
  const unsigned wraps = (1u << layout.bits) - 1;
  const std::int64_t apart = std::max<std::int64_t>(1, layout.n / kColumns);
  for (std::int64_t n = 0; n < layout.n; n += apart) {
    const auto word = [&](std::int64_t i) {
      return load<std::uint32_t>(parts.qweight.bytes.data(), i * layout.n + n);
    };
    for (std::int64_t k = 0; k < layout.k; ++k) {
      const unsigned zero = zeros.stored(groups.of(k), n);
      if (zero == wraps || zero == 0) continue;
      sum += static_cast<double>(stream_code(word, k, layout.bits)) - zero;
      count += 1;
    }
  }
  return count >= kLeastWeights ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

model::Note contradiction(std::string says) {
  return {"", std::move(says), model::Note::Kind::mislabelled};
}

/// What the configuration says of groups and their order, and the tensors do not.
void check_groups(const GptqConfig& config, const Layout& layout, const Groups& groups,
                  std::vector<model::Note>& notes) {
  if (config.group_size > 0 && ceil_divide(layout.k, config.group_size) != layout.groups)
    notes.push_back(contradiction(
        fmt::format("group_size is {} in the configuration, the tensors have groups of {}",
                    config.group_size, ceil_divide(layout.k, layout.groups))));
  if (config.ordered && layout.groups > 1 && groups.index.empty())
    notes.push_back(contradiction(
        "desc_act is true, but the order of the inputs (g_idx) is missing or was never set"));
}

/// The zero points of a file that has them less one or not. The tensors of one that says it is
/// symmetric show how they were written; where no way fits, that is noted.
Zeros written_zeros(const GptqParts& parts, const GptqConfig& config, const Layout& layout,
                    bool less_one, std::vector<model::Note>& notes) {
  const ZeroWriting less =
      config.whole_word_zeros ? ZeroWriting::less_one_from_word : ZeroWriting::less_one;
  Zeros zeros(parts.qzeros, layout, less_one ? less : ZeroWriting::as_it_is);
  if (!config.says_symmetric || layout.planar || all_are_middle(zeros, layout)) return zeros;
  if (less_one && config.whole_word_zeros && layout.bits == 3) {
    Zeros swapped(parts.qzeros, layout, ZeroWriting::less_three_words);
    if (all_are_middle(swapped, layout)) {
      notes.push_back({"",
                       "its zero points are written as GPTQModel 2 writes them for 3 bits, and are "
                       "read as GPTQModel reads them",
                       model::Note::Kind::mislabelled});
      return swapped;
    }
  }
  notes.push_back(contradiction("sym is true, but its zero points are not the middle code"));
  return zeros;
}

/// Symmetric files hold one zero point throughout, which tells v1 from v2 better than the label.
bool zeros_less_one(const GptqParts& parts, const Layout& layout, const GptqConfig& config,
                    std::vector<model::Note>& notes, double mean) {
  if (layout.planar) return false;
  const auto is_middle = [&](ZeroWriting writing) {
    return config.symmetric && all_are_middle(Zeros(parts.qzeros, layout, writing), layout);
  };
  bool is_v1 = is_middle(ZeroWriting::less_one);
  bool is_v2 = is_middle(ZeroWriting::as_it_is);
  if (!is_v1 && !is_v2 && layout.bits <= kMostBits) {
    is_v1 = std::abs(mean - 1) < kNearMean;
    is_v2 = std::abs(mean) < kNearMean;
  }
  if (config.zeros_less_one && is_v2) notes.push_back(mislabelled("v1", "v2"));
  if (!config.zeros_less_one && is_v1) notes.push_back(mislabelled("v2", "v1"));
  return is_v1 || (config.zeros_less_one && !is_v2);
}

}  // namespace

Result<Matrix> make_gptq(const GptqParts& parts, const GptqConfig& config) {
  QUALM_TRY(const Layout layout, find_layout(parts, config));
  QUALM_TRY(const Groups groups,
            find_groups(parts.scales, parts.g_idx, layout.k, layout.groups, config.group_size));
  const Zeros as_stored(parts.qzeros, layout, ZeroWriting::as_it_is);
  std::vector<model::Note> notes;
  const double mean = layout.planar ? 0 : mean_over_zero(parts, as_stored, layout, groups);
  const bool less_one = zeros_less_one(parts, layout, config, notes, mean);
  check_groups(config, layout, groups, notes);
  const std::int64_t ambiguous = count_stored(as_stored, layout, (1u << layout.bits) - 1);
  if (less_one && ambiguous > 0)
    notes.push_back(
        {"", fmt::format(
                 "{} of {} zero points are ambiguous: stored as {}, read as {} here, as {} by some",
                 ambiguous, layout.groups * layout.n, (1 << layout.bits) - 1,
                 config.whole_word_zeros ? "GPTQModel writes them" : "0", 1 << layout.bits)});
  std::string name = fmt::format("GPTQ {} bit {}", layout.bits, groups.label);
  const Zeros zeros = written_zeros(parts, config, layout, less_one, notes);
  return Matrix{
      {layout.n, layout.k},
      {std::move(name), -1,
       groups.grid(layout.bits, layout.k,
                   config.symmetric ? ZeroPoint::middle : ZeroPoint::stored)},
      rows_and_steps(layout.n, layout.k, GptqRows<GridWeight>(parts, zeros, layout, groups),
                     GptqRows<GridStep>(parts, zeros, layout, groups)),
      std::move(notes)};
}

}  // namespace qualm::codec
