#include "codec/packed_int.h"

#include <fmt/format.h>

#include "codec/bits.h"
#include "codec/groups.h"
#include "codec/numbers.h"
#include "codec/steps.h"

namespace qualm::codec {
namespace {

/// How many words `count` codes take, or CODEC-104 when `words` is neither packing's number.
Result<bool> is_dense(const Part& part, std::int64_t count, int bits, std::int64_t words) {
  if (words == ceil_divide(count * bits, 32)) return true;
  if (words == ceil_divide(count, 32 / bits)) return false;
  return fail(part_error("CODEC-104", part,
                         fmt::format("room for {} codes of {} bits", count, bits),
                         shape_text(part)));
}

/// Code i where `word(j)` gives word j of the packing.
template <class Word>
unsigned code_at(Word&& word, std::int64_t i, int bits, bool dense) {
  if (dense) return stream_code(word, i, bits);
  const std::int64_t per_word = 32 / bits;
  return (word(i / per_word) >> (i % per_word * bits)) & ((1u << bits) - 1);
}

template <class Of>
class PackedIntRows {
 public:
  PackedIntRows(PackedIntParts parts, PackedIntConfig config, Groups groups, bool dense,
                bool dense_zero)
      : parts_(std::move(parts)),
        config_(config),
        groups_(std::move(groups)),
        dense_(dense),
        dense_zero_(dense_zero) {}

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    std::vector<float> scales(static_cast<std::size_t>(groups_.count));
    std::vector<float> zeros(scales.size());
    const std::int64_t words = parts_.packed.shape[1];
    for (std::int64_t n = first; n < first + count; ++n, out += config_.inputs) {
      const std::int64_t at = parts_.scale.elements() == 1 ? 0 : n * groups_.count;
      decode_numbers(parts_.scale, at, groups_.count, scales.data());
      QUALM_CHECK(expect_finite(parts_.scale, scales, at));
      for (std::int64_t j = 0; j < groups_.count; ++j)
        zeros[static_cast<std::size_t>(j)] = static_cast<float>(zero(n, j));
      const auto word = [&](std::int64_t j) {
        return load<std::uint32_t>(parts_.packed.bytes.data(), n * words + j);
      };
      for (std::int64_t k = 0; k < config_.inputs; ++k) {
        const auto j = static_cast<std::size_t>(groups_.of(k));
        out[k] =
            Of{}(static_cast<float>(code_at(word, k, config_.bits, dense_)), zeros[j], scales[j]);
      }
    }
    return {};
  }

 private:
  unsigned zero(std::int64_t n, std::int64_t j) const {
    if (!parts_.zero) return 1u << (config_.bits - 1);
    const auto word = [&](std::int64_t i) {
      return load<std::uint32_t>(parts_.zero->bytes.data(), i * groups_.count + j);
    };
    return code_at(word, n, config_.bits, dense_zero_);
  }

  PackedIntParts parts_;
  PackedIntConfig config_;
  Groups groups_;
  bool dense_;
  bool dense_zero_;
};

/// All -1: written for models without activation order.
bool says_nothing(const Part& g_idx) {
  for (std::int64_t k = 0; k < g_idx.elements(); ++k) {
    if (load<std::int32_t>(g_idx.bytes.data(), k) != -1) return false;
  }
  return true;
}

}  // namespace

Result<Matrix> make_packed_int(const PackedIntParts& parts, const PackedIntConfig& config) {
  const auto [bits, n, k, configured] = config;
  if (bits < 1 || bits > 8)
    return fail(part_error("CODEC-102", parts.packed, "1 to 8 bits", fmt::format("{}", bits)));
  QUALM_CHECK(expect_dtype(parts.packed, {Dtype::kI32, Dtype::kU32}));
  QUALM_CHECK(expect_shape(parts.packed, {n, -1}));
  QUALM_CHECK(expect_filled(parts.packed));
  if (k < 1 || k > parts.packed.shape[1] * 32)
    return fail(part_error("CODEC-104", parts.packed, fmt::format("room for {} inputs", k),
                           shape_text(parts.packed)));
  QUALM_TRY(const bool dense, is_dense(parts.packed, k, bits, parts.packed.shape[1]));
  const bool one_scale = parts.scale.elements() == 1;
  const std::int64_t groups = one_scale || parts.scale.shape.size() < 2 ? 1 : parts.scale.shape[1];
  QUALM_CHECK(expect_dtype(parts.scale, {Dtype::kF16, Dtype::kBF16, Dtype::kF32}));
  if (!one_scale && parts.scale.elements() != n * groups)
    return fail(part_error("CODEC-104", parts.scale, fmt::format("scales for {} outputs", n),
                           shape_text(parts.scale)));
  bool dense_zero = true;
  if (parts.zero) {
    QUALM_CHECK(expect_dtype(*parts.zero, {Dtype::kI32, Dtype::kU32}));
    QUALM_CHECK(expect_shape(*parts.zero, {-1, groups}));
    QUALM_TRY(dense_zero, is_dense(*parts.zero, n, bits, parts.zero->shape[0]));
  }
  PackedIntParts used = parts;
  if (used.g_idx && says_nothing(*used.g_idx)) used.g_idx.reset();
  QUALM_TRY(const Groups of_input, find_groups(used.scale, used.g_idx, k, groups, configured));
  std::string name = fmt::format("compressed-tensors int{} {}", bits, of_input.label);
  return Matrix{
      {n, k},
      {std::move(name), -1,
       of_input.grid(bits, k, used.zero ? ZeroPoint::stored : ZeroPoint::middle)},
      rows_and_steps(n, k, PackedIntRows<GridWeight>(used, config, of_input, dense, dense_zero),
                     PackedIntRows<GridStep>(used, config, of_input, dense, dense_zero)),
      {}};
}

}  // namespace qualm::codec
