#include "weights/mismatched_experts.h"

#include <algorithm>

#include "model/sample_rows.h"
#include "weights/origin.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kAsked = 8;         // experts, until the rest is not asked for
constexpr std::int64_t kRowsCompared = 8;  // of an expert

/// Expert `at` of `tensor` holds what expert `from` of the original does.
Result<bool> holds(const model::Tensor& tensor, std::int64_t at, const model::Tensor& original,
                   std::int64_t from) {
  const std::int64_t rows = tensor.row_count() / experts_of(tensor);
  const auto length = static_cast<std::size_t>(tensor.row_length());
  std::vector<float> w(length), a(length);
  double squares = 0, apart = 0;
  for (const std::int64_t row : model::sample_rows(rows, kRowsCompared)) {
    QUALM_CHECK(tensor.data->rows(at * rows + row, 1, w));
    QUALM_CHECK(original.data->rows(from * rows + row, 1, a));
    for (std::size_t i = 0; i < length; ++i) {
      const double e = double{w[i]} - a[i];
      squares += double{a[i]} * a[i];
      apart += e * e;
    }
  }
  return squares > 0 && apart < kAlike * squares;
}

}  // namespace

std::int64_t experts_of(const model::Tensor& tensor) noexcept {
  return tensor.dims.size() == 3 ? std::max<std::int64_t>(tensor.dims[2], 1) : 1;
}

std::vector<std::int64_t> suspect_experts(const model::Tensor& tensor,
                                          std::span<const RegressionSums> clusters,
                                          std::span<const std::int64_t> firsts) {
  std::vector<std::int64_t> suspects;
  const std::int64_t experts = experts_of(tensor);
  if (experts < 2) return suspects;
  const std::int64_t rows = std::max<std::int64_t>(tensor.row_count() / experts, 1);
  std::vector<RegressionSums> sums(static_cast<std::size_t>(experts));
  for (std::size_t i = 0; i < clusters.size(); ++i)
    sums[static_cast<std::size_t>(std::min(firsts[i] / rows, experts - 1))].merge(clusters[i]);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const RegressionSums& one = sums[i];
    const auto fit = fit_one(one);
    if (!fit || !(one.ww > 0)) continue;
    const double share = fit->residual / one.ww;
    const auto over =
        one.step_noise > 0 ? std::optional(fit->residual / one.step_noise) : std::nullopt;
    if (share > kMostResidual && more_than_rounding(share, over))
      suspects.push_back(static_cast<std::int64_t>(i));
  }
  return suspects;
}

Result<std::optional<Mismatch>> mismatched_experts(const model::Tensor& tensor,
                                                   const model::Tensor& original,
                                                   const std::vector<std::int64_t>& suspects) {
  const std::int64_t experts = experts_of(tensor);
  if (suspects.empty() || original.dims != tensor.dims) return std::nullopt;
  std::vector<std::int64_t> from;  // of each suspect, the original's expert that it holds
  for (const std::int64_t at : suspects) {
    if (from.empty() && at > suspects.front() + kAsked) break;  // another model's
    for (std::int64_t other = 0; other < experts; ++other) {
      if (other == at) continue;
      QUALM_TRY(const bool held, holds(tensor, at, original, other));
      if (!held) continue;
      from.push_back(other);
      break;
    }
  }
  Mismatch found{.kind = Mismatch::Kind::experts_unknown, .experts = suspects};
  if (from.empty() && std::ssize(suspects) == experts) return std::nullopt;
  if (from.size() == suspects.size())
    found.kind = suspects.size() == 2 && from[0] == suspects[1] && from[1] == suspects[0]
                     ? Mismatch::Kind::experts_exchanged
                     : Mismatch::Kind::expert_order;
  return found;
}

}  // namespace qualm::weights
