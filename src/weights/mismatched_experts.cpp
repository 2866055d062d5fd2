#include "weights/mismatched_experts.h"

#include <algorithm>

#include "model/sample_rows.h"
#include "weights/origin.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kMostAsked = 8;     // experts, until the rest is not asked for
constexpr std::int64_t kRowsOfExpert = 8;  // of an expert

/// Squared distance of expert `at` of `tensor` from expert `from` of the original, over the
/// latter's squares.
Result<double> apart(const model::Tensor& tensor, std::int64_t at, const model::Tensor& original,
                     std::int64_t from) {
  const std::int64_t rows = tensor.row_count() / experts_of(tensor);
  const auto length = static_cast<std::size_t>(tensor.row_length());
  std::vector<float> w(length), a(length);
  double squares = 0, apart = 0;
  for (const std::int64_t row : model::sample_rows(rows, kRowsOfExpert)) {
    QUALM_CHECK(tensor.data->rows(at * rows + row, 1, w));
    QUALM_CHECK(original.data->rows(from * rows + row, 1, a));
    for (std::size_t i = 0; i < length; ++i) {
      const double e = double{w[i]} - a[i];
      squares += double{a[i]} * a[i];
      apart += e * e;
    }
  }
  return squares > 0 ? apart / squares : 1;
}

/// The original's expert that expert `at` holds: far nearer than the one in its place. Or -1.
Result<std::int64_t> held_by(const model::Tensor& tensor, std::int64_t at,
                             const model::Tensor& original) {
  QUALM_TRY(const double own, apart(tensor, at, original, at));
  double nearest = std::min(kAlike, own / kFarNearer);
  std::int64_t held = -1;
  for (std::int64_t other = 0; other < experts_of(tensor); ++other) {
    if (other == at) continue;
    QUALM_TRY(const double distance, apart(tensor, at, original, other));
    if (distance < nearest) held = other, nearest = distance;
  }
  return held;
}

}  // namespace

std::int64_t experts_of(const model::Tensor& tensor) noexcept {
  return tensor.dims.size() == 3 ? std::max<std::int64_t>(tensor.dims[2], 1) : 1;
}

std::vector<SuspectExpert> suspect_experts(const model::Tensor& tensor,
                                           std::span<const RegressionSums> clusters,
                                           std::span<const std::int64_t> firsts) {
  std::vector<SuspectExpert> suspects;
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
    if (more_than_rounding(share, over))
      suspects.push_back({static_cast<std::int64_t>(i), share > kMostResidual});
  }
  return suspects;
}

Result<std::optional<Mismatch>> mismatched_experts(const model::Tensor& tensor,
                                                   const model::Tensor& original,
                                                   const std::vector<SuspectExpert>& suspects) {
  const std::int64_t experts = experts_of(tensor);
  if (suspects.empty() || original.dims != tensor.dims) return std::nullopt;
  std::vector<std::int64_t> found, from, far;  // found[i] holds the original's from[i]
  for (const SuspectExpert& suspect : suspects)
    if (suspect.far) far.push_back(suspect.at);
  for (const SuspectExpert& suspect : suspects) {
    if (found.empty() && suspect.at > suspects.front().at + kMostAsked) break;  // another model's
    QUALM_TRY(const std::int64_t held, held_by(tensor, suspect.at, original));
    if (held < 0) continue;
    found.push_back(suspect.at);
    from.push_back(held);
  }
  if (found.size() == suspects.size()) {
    const bool two = found.size() == 2 && from[0] == found[1] && from[1] == found[0];
    return Mismatch{.kind = two ? Mismatch::Kind::experts_exchanged : Mismatch::Kind::expert_order,
                    .experts = found};
  }
  if (far.empty() || (found.empty() && std::ssize(suspects) == experts)) return std::nullopt;
  return Mismatch{.kind = Mismatch::Kind::experts_unknown, .experts = far};
}

}  // namespace qualm::weights
