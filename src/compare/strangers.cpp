#include "compare/strangers.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "compare/kept.h"

namespace qualm::compare {
namespace {

constexpr std::int64_t kRowsCompared = 16;
// Of the squares, what may differ: low bits leave as much, numbers stored one by one next to
// nothing.
constexpr double kAlike = 0.5;
constexpr double kEqual = 1e-4;

/// Rows evenly over a tensor, each with its place.
struct Rows {
  double may_differ = kAlike;  ///< of the squares, from a row that is the same
  std::vector<std::int64_t> places;
  std::vector<std::vector<float>> values;
};

Result<Rows> rows_of(const model::Tensor& tensor) {
  Rows rows;
  rows.may_differ = unquantized(tensor.encoding) ? kEqual : kAlike;
  const std::int64_t count = std::min(kRowsCompared, tensor.row_count());
  for (std::int64_t i = 0; i < count; ++i) {
    rows.places.push_back(i * tensor.row_count() / count);
    rows.values.emplace_back(static_cast<std::size_t>(tensor.row_length()));
    QUALM_CHECK(tensor.data->rows(rows.places.back(), 1, rows.values.back()));
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

}  // namespace

Result<std::string> whose(const model::Tensor& strange, const model::Checkpoint& model) {
  QUALM_TRY(const Rows rows, rows_of(strange));
  const model::Tensor* own = nullptr;
  for (const model::Tensor& other : model.tensors) {
    if (other.dims != strange.dims) continue;
    if (other.name == strange.name) {
      own = &other;
      continue;
    }
    QUALM_TRY(const bool held, holds(rows, other));
    if (held) return fmt::format(": it holds the baseline's {}", other.name);
  }
  if (own && own->row_count() > 1) {
    QUALM_TRY(const bool other_order, reordered(rows, *own));
    if (other_order) return ": its rows are the baseline's in another order";
  }
  return "";
}

}  // namespace qualm::compare
