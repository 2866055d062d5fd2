#include "diagnose/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "diagnose/thresholds.h"
#include "model/sample_rows.h"
#include "weights/error_sums.h"
#include "weights/quantization_error.h"

namespace qualm::diagnose {
namespace {

const model::Tensor* head_of(const model::Checkpoint& checkpoint) {
  const model::Tensor* own = checkpoint.find("output.weight");
  return own ? own : checkpoint.find("token_embd.weight");
}

/// Relative error of a against b over rows that both have.
std::optional<double> apart(const model::Tensor& a, const model::Tensor& b) {
  if (!a.data || !b.data || a.row_length() != b.row_length() || a.row_length() <= 0)
    return std::nullopt;
  const std::int64_t rows = std::min(a.row_count(), b.row_count());
  std::vector<float> x(static_cast<std::size_t>(a.row_length()));
  std::vector<float> y(x.size());
  weights::ErrorSums sums;
  for (const std::int64_t row : model::sample_rows(rows, kHeadRows)) {
    if (!a.data->rows(row, 1, x) || !b.data->rows(row, 1, y)) return std::nullopt;
    sums.add_row(row, x, y, {});
  }
  const auto error = weights::relative_error(sums);
  return error ? std::optional(*error) : std::nullopt;
}

/// How far a tensor may be from what it was rounded from.
double rounding_allowed(const model::Tensor& tensor) {
  if (tensor.encoding.is_float()) return 2 * kFloatRounding;
  const auto estimate = weights::quantization_error_of(tensor).relative_error();
  return estimate ? kHeadOverEstimate * *estimate + kFloatRounding : kUnknownRounding;
}

}  // namespace

std::optional<Difference> head_difference(const model::Checkpoint& candidate,
                                          const model::Checkpoint& baseline) {
  const bool own = candidate.find("output.weight") != nullptr;
  if (own == (baseline.find("output.weight") != nullptr)) return std::nullopt;
  const model::Tensor* ours = head_of(candidate);
  const model::Tensor* theirs = head_of(baseline);
  if (!ours || !theirs) return std::nullopt;  // a missing embedding is told as such
  const char* which = own ? "an output matrix of its own; the original uses its embedding"
                          : "the embedding is used; the original has an output matrix of its own";
  const auto error = apart(*ours, *theirs);
  if (!error)
    return Difference{"tensor output.weight", fmt::format("{}; the two cannot be compared", which),
                      Difference::Weight::note};
  if (*error <= rounding_allowed(*ours)) return std::nullopt;
  return Difference{"tensor output.weight",
                    fmt::format("{}; the two differ by {:.0f} % of their size, more than rounding "
                                "explains",
                                which, 100 * *error),
                    Difference::Weight::breaks};
}

}  // namespace qualm::diagnose
