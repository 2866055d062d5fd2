#include "weights/unquantized.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

Result<std::vector<float>> read(const model::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
  QUALM_CHECK(tensor.data->rows(0, tensor.row_count(), values));
  return values;
}

bool same_within(std::span<const float> w, std::span<const float> x, double tolerance) {
  return std::ranges::equal(w, x, [&](float a, float b) {
    return std::abs(a - b) <= static_cast<float>(tolerance) * std::abs(b) + kSubnormal;
  });
}

void add_neither(const model::Tensor& tensor, std::span<const float> w, std::span<const float> a,
                 UnquantizedTensors& unquantized) {
  ++unquantized.neither;
  double apart = 0, squares = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double y = static_cast<double>(w[i]) - a[i];
    apart += y * y, squares += static_cast<double>(a[i]) * a[i];
  }
  unquantized.off.push_back({tensor.name, apart / squares});
}

/// Where w lies on the line through b and a; absent off it.
std::optional<double> place_on_line(std::span<const float> w, std::span<const float> a,
                                    std::span<const float> b) {
  double yd = 0, dd = 0, yy = 0;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double y = static_cast<double>(w[i]) - b[i], d = static_cast<double>(a[i]) - b[i];
    yd += y * d, dd += d * d, yy += y * y;
  }
  if (!(dd > 0)) return std::nullopt;
  const double left = std::max(0.0, yy - yd * yd / dd);
  return std::sqrt(left / dd) < kOffTheLine ? std::optional(yd / dd) : std::nullopt;
}

}  // namespace

Result<void> add_unquantized(const model::Tensor& candidate, const model::Tensor& fine_tune,
                             const model::Tensor* base, UnquantizedTensors& unquantized) {
  QUALM_TRY(const auto w, read(candidate));
  QUALM_TRY(const auto a, read(fine_tune));
  const double own = candidate.encoding.type->rounding;
  const bool of_a = same_within(w, a, std::max(own, fine_tune.encoding.type->rounding));
  if (!base) {
    if (of_a) {
      ++unquantized.same;
    } else {
      add_neither(candidate, w, a, unquantized);
    }
    return {};
  }
  QUALM_TRY(const auto b, read(*base));
  const bool of_b = same_within(w, b, std::max(own, base->encoding.type->rounding));
  if (of_a || of_b) {
    ++(of_a && of_b ? unquantized.same : of_a ? unquantized.fine_tune : unquantized.base);
    return {};
  }
  const auto alpha = place_on_line(w, a, b);
  if (!alpha) {
    add_neither(candidate, w, a, unquantized);
    return {};
  }
  // The mean over the tensors so far.
  const auto before = static_cast<double>(unquantized.between);
  unquantized.alpha = (unquantized.alpha.value_or(0) * before + *alpha) / (before + 1);
  ++unquantized.between;
  return {};
}

}  // namespace qualm::weights
