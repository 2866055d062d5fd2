#include "weights/mismatched_tensors.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "model/sample_rows.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kRowsCompared = 16;
constexpr std::size_t kUnknownAsked = 8;  // unknown ones, until the rest is not asked for

/// Rows evenly over a tensor, each with its place.
struct Rows {
  double may_differ = kAlike;  ///< of the squares, from a row that is the same
  std::vector<std::int64_t> places;
  std::vector<std::vector<float>> values;
};

Result<Rows> rows_of(const model::Tensor& tensor) {
  Rows rows;
  rows.may_differ = tensor.encoding.is_float() ? kEqual : kAlike;
  rows.places = model::sample_rows(tensor.row_count(), kRowsCompared);
  for (const std::int64_t place : rows.places) {
    rows.values.emplace_back(static_cast<std::size_t>(tensor.row_length()));
    QUALM_CHECK(tensor.data->rows(place, 1, rows.values.back()));
  }
  return rows;
}

bool alike(std::span<const float> a, std::span<const float> b, double may_differ) {
  double squares = 0, apart = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    squares += y * y;
    apart += (x - y) * (x - y);
  }
  return squares > 0 && apart < may_differ * squares;
}

Result<bool> holds(const Rows& rows, const model::Tensor& other) {
  std::vector<float> row(static_cast<std::size_t>(other.row_length()));
  for (std::size_t i = 0; i < rows.places.size(); ++i) {
    QUALM_CHECK(other.data->rows(rows.places[i], 1, row));
    if (!alike(rows.values[i], row, rows.may_differ)) return false;
  }
  return true;
}

/// Each of `rows` is found somewhere among those of `own`.
Result<bool> reordered(const Rows& rows, const model::Tensor& own) {
  std::vector<bool> seen(rows.places.size());
  std::vector<float> row(static_cast<std::size_t>(own.row_length()));
  for (std::int64_t r = 0; r < own.row_count(); ++r) {
    QUALM_CHECK(own.data->rows(r, 1, row));
    for (std::size_t i = 0; i < seen.size(); ++i)
      if (!seen[i]) seen[i] = alike(rows.values[i], row, rows.may_differ);
  }
  return std::ranges::all_of(seen, std::identity());
}

/// A vector that is the original's with one number added to each, or times one number.
Result<Mismatch> shifted_or_scaled(const Rows& rows, const model::Tensor& own) {
  std::vector<float> was(static_cast<std::size_t>(own.row_length()));
  QUALM_CHECK(own.data->rows(0, 1, was));
  const std::vector<float>& is = rows.values.front();
  double difference = 0, product = 0, squares = 0;
  for (std::size_t i = 0; i < was.size(); ++i) {
    difference += double{is[i]} - was[i];
    product += double{is[i]} * was[i];
    squares += double{was[i]} * was[i];
  }
  const double shift = difference / static_cast<double>(was.size());
  const double factor = squares > 0 ? product / squares : 0;
  std::vector<float> shifted = was, scaled = was;
  for (float& value : shifted) value += static_cast<float>(shift);
  for (float& value : scaled) value *= static_cast<float>(factor);
  if (alike(is, shifted, rows.may_differ))
    return Mismatch{.kind = Mismatch::Kind::shifted, .number = shift};
  if (alike(is, scaled, rows.may_differ))
    return Mismatch{.kind = Mismatch::Kind::scaled, .number = factor};
  return Mismatch{};
}

/// Where a suspect comes from: another tensor of `original`, its own rows in another order.
Result<Mismatch> found_in(const model::Checkpoint& original, const Suspects::One& one) {
  const model::Tensor& suspect = *one.tensor;
  QUALM_TRY(const Rows rows, rows_of(suspect));
  const model::Tensor* own = nullptr;
  for (const model::Tensor& other : original.tensors) {
    if (other.dims != suspect.dims) continue;
    if (other.name == suspect.name) {
      own = &other;
      continue;
    }
    QUALM_TRY(const bool held, holds(rows, other));
    if (held) return Mismatch{.kind = Mismatch::Kind::other_tensor, .other = other.name};
  }
  if (!own || !one.far) return Mismatch{};
  if (own->row_count() == 1) return shifted_or_scaled(rows, *own);
  QUALM_TRY(const bool other_order, reordered(rows, *own));
  return Mismatch{.kind = other_order ? Mismatch::Kind::row_order : Mismatch::Kind::unknown};
}

}  // namespace

Result<std::vector<MismatchedTensor>> mismatched_among(const Suspects& suspects,
                                                       const model::Checkpoint& original) {
  std::vector<MismatchedTensor> known;
  std::vector<MismatchedTensor> unknown;
  std::int64_t near = 0;
  for (const Suspects::One& one : suspects.all) {
    Mismatch mismatch;
    if (!known.empty() || unknown.size() < kUnknownAsked) {
      QUALM_TRY(mismatch, found_in(original, one));
    }
    mismatch.residual_share = one.residual_share;
    const bool nowhere = mismatch.kind == Mismatch::Kind::unknown;
    if (nowhere && !one.far)
      ++near;
    else
      (nowhere ? unknown : known).push_back({one.tensor->name, std::move(mismatch)});
  }
  const auto off = static_cast<double>(unknown.size()) + static_cast<double>(near);
  if (off <= kMostMismatched * static_cast<double>(suspects.of))
    known.insert(known.end(), unknown.begin(), unknown.end());
  return known;
}

}  // namespace qualm::weights
