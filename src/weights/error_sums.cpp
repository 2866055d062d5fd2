#include "weights/error_sums.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <experimental/simd>
#include <limits>

#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

// Sums run in lanes of vector registers, which are added in order: the same answer on any machine.
namespace simd = std::experimental;
using Floats = simd::fixed_size_simd<float, 4>;
using Doubles = simd::fixed_size_simd<double, 4>;
constexpr std::size_t kLanes = Floats::size();
constexpr std::size_t kChunk = 256;

struct ChunkSums {
  double error = 0;
  double model = 0;
  double baseline = 0;
  double product = 0;
  float largest = 0;
  [[nodiscard]] bool finite() const {
    return std::isfinite(error) && std::isfinite(model) && std::isfinite(baseline);
  }
};

double added(const Doubles& lanes) {
  double sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

/// `count` is a multiple of the lanes.
ChunkSums sums_of(const float* w, const float* b, std::size_t count) {
  Doubles error = 0, model = 0, baseline = 0, product = 0;
  Floats largest = 0;
  for (std::size_t i = 0; i < count; i += kLanes) {
    const Floats wi(w + i, simd::element_aligned), bi(b + i, simd::element_aligned);
    const Floats e = wi - bi;
    largest = simd::max(largest, simd::abs(e));
    const auto wide_w = simd::static_simd_cast<Doubles>(wi);
    const auto wide_b = simd::static_simd_cast<Doubles>(bi);
    const auto wide_e = simd::static_simd_cast<Doubles>(e);
    error += wide_e * wide_e;
    model += wide_w * wide_w;
    baseline += wide_b * wide_b;
    product += wide_w * wide_b;
  }
  return {added(error), added(model), added(baseline), added(product), simd::hmax(largest)};
}

/// One by one: the end of a row, and wherever something is not finite.
void add_each(ErrorSums& sums, std::int64_t row, std::size_t column, std::span<const float> w,
              std::span<const float> b) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const double wide_w = w[i], wide_b = b[i];
    if (!std::isfinite(wide_w) || !std::isfinite(wide_b)) {
      ++sums.skipped;
      continue;
    }
    const double e = wide_w - wide_b;
    ++sums.weights;
    sums.error += e * e;
    sums.model += wide_w * wide_w;
    sums.baseline += wide_b * wide_b;
    sums.product += wide_w * wide_b;
    if (std::abs(e) <= sums.max_error && sums.max_row >= 0) continue;
    sums.max_error = std::abs(e);
    sums.max_row = row;
    sums.max_column = static_cast<std::int64_t>(column + i);
  }
}

void add_chunk(ErrorSums& sums, std::int64_t row, std::size_t column, std::span<const float> w,
               std::span<const float> b) {
  const std::size_t whole = w.size() / kLanes * kLanes;
  const ChunkSums chunk = sums_of(w.data(), b.data(), whole);
  if (!chunk.finite()) return add_each(sums, row, column, w, b);
  sums.weights += static_cast<std::int64_t>(whole);
  sums.error += chunk.error;
  sums.model += chunk.model;
  sums.baseline += chunk.baseline;
  sums.product += chunk.product;
  if (whole > 0 && (chunk.largest > sums.max_error || sums.max_row < 0)) {
    std::size_t at = 0;
    while (std::abs(w[at] - b[at]) != chunk.largest) ++at;
    sums.max_error = chunk.largest;
    sums.max_row = row;
    sums.max_column = static_cast<std::int64_t>(column + at);
  }
  add_each(sums, row, column + whole, w.subspan(whole), b.subspan(whole));
}

/// A NaN compares false: it is neither on a grid nor within a step. Without branches, so that the
/// compiler takes several weights at once.
void count_within(ErrorSums& sums, std::span<const float> w, std::span<const float> b,
                  std::span<const float> steps) {
  constexpr float kMost = std::numeric_limits<float>::max();
  int gridded = 0, within = 0;  // of a row: fewer than 2^31
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const float e = std::abs(w[i] - b[i]);
    gridded += static_cast<int>(e <= kMost) & static_cast<int>(steps[i] <= kMost);
    within += static_cast<int>(e <= 0.5F * steps[i] + kStoredScale * std::abs(w[i]));
  }
  sums.gridded += gridded;
  sums.within += within;
}

const char* const kNothing = "no weights were compared";
const char* const kZero = "the baseline's weights are 0";
const char* const kExact = "no error: the weights are equal";

}  // namespace

void ErrorSums::add_row(std::int64_t row, std::span<const float> w, std::span<const float> b,
                        std::span<const float> steps) {
  for (std::size_t at = 0; at < w.size(); at += kChunk) {
    const std::size_t count = std::min(kChunk, w.size() - at);
    add_chunk(*this, row, at, w.subspan(at, count), b.subspan(at, count));
  }
  if (!steps.empty()) count_within(*this, w, b, steps);
}

void ErrorSums::merge(const ErrorSums& next) {
  weights += next.weights;
  skipped += next.skipped;
  error += next.error;
  model += next.model;
  baseline += next.baseline;
  product += next.product;
  gridded += next.gridded;
  within += next.within;
  if (next.max_row < 0 || (max_row >= 0 && next.max_error <= max_error)) return;
  max_error = next.max_error;
  max_row = next.max_row;
  max_column = next.max_column;
}

Figure relative_error(const ErrorSums& sums) {
  if (sums.weights == 0) return std::unexpected(kNothing);
  if (sums.baseline == 0) {
    if (sums.error == 0) return 0.0;
    return std::unexpected(kZero);
  }
  return std::sqrt(sums.error / sums.baseline);
}

Figure sqnr_db(const ErrorSums& sums) {
  if (sums.weights == 0) return std::unexpected(kNothing);
  if (sums.error == 0) return std::unexpected(kExact);
  if (sums.baseline == 0) return std::unexpected(kZero);
  return 10 * std::log10(sums.baseline / sums.error);
}

Figure cosine(const ErrorSums& sums) {
  if (sums.weights == 0) return std::unexpected(kNothing);
  if (sums.model == 0 || sums.baseline == 0)
    return std::unexpected("the weights of one side are 0");
  return sums.product / std::sqrt(sums.model) / std::sqrt(sums.baseline);
}

Figure within_half_step(const ErrorSums& sums) {
  if (sums.gridded == 0)
    return std::unexpected("not computed, since this type has no fixed rounding step");
  return static_cast<double>(sums.within) / static_cast<double>(sums.gridded);
}

Figure effective_bits(const ErrorSums& sums) {
  if (sums.weights == 0) return std::unexpected(kNothing);
  if (sums.error == 0) return std::unexpected(kExact);
  if (sums.baseline == 0) return std::unexpected(kZero);
  return std::log2(sums.baseline / sums.error) / 2;
}

}  // namespace qualm::weights
