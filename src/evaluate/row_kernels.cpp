#include "evaluate/row_kernels.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "base/parallel.h"

namespace qualm::evaluate {
namespace {

constexpr std::int64_t kLeastRows = 16;  // that a thread is worth starting for

QUALM_CLONES float max_of(const float* row, std::int64_t n) {
  float lanes[16];
  std::fill(std::begin(lanes), std::end(lanes), -std::numeric_limits<float>::infinity());
  const std::int64_t whole = n - n % 16;
  for (std::int64_t v = 0; v < whole; v += 16)
    for (std::int64_t lane = 0; lane < 16; ++lane)
      lanes[lane] = row[v + lane] > lanes[lane] ? row[v + lane] : lanes[lane];
  float top = *std::max_element(std::begin(lanes), std::end(lanes));
  for (std::int64_t v = whole; v < n; ++v) top = std::max(top, row[v]);
  return top;
}

// x * 0 is 0 for a finite x and NaN for all others, so the sum is 0 or NaN.
QUALM_CLONES bool all_finite(const float* row, std::int64_t n) {
  float lanes[16] = {};
  const std::int64_t whole = n - n % 16;
  for (std::int64_t v = 0; v < whole; v += 16)
    for (std::int64_t lane = 0; lane < 16; ++lane) lanes[lane] += row[v + lane] * 0.0F;
  float sum = 0;
  for (const float lane : lanes) sum += lane;
  for (std::int64_t v = whole; v < n; ++v) sum += row[v] * 0.0F;
  return sum == 0.0F;
}

QUALM_CLONES void exp_of_row(const float* row, std::int64_t n, double max, double* terms) {
  for (std::int64_t v = 0; v < n; ++v)
    terms[v] = exp_not_positive(static_cast<double>(row[v]) - max);
}

// Numbers that the compiler may not reorder, in lanes that it can.
QUALM_CLONES double sum_in_lanes(const double* terms, std::int64_t n) {
  double lanes[kLanes] = {};
  const std::int64_t whole = n - n % kLanes;
  for (std::int64_t v = 0; v < whole; v += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += terms[v + lane];
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (std::int64_t v = whole; v < n; ++v) sum += terms[v];
  return sum;
}

}  // namespace

void for_rows(std::int64_t rows, std::int32_t threads,
              const std::function<void(std::int64_t begin, std::int64_t end)>& work) {
  const auto workers = static_cast<int>(
      std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(1, rows / kLeastRows)));
  run_blocks(workers, workers, [&](std::int64_t worker) {
    work(rows * worker / workers, rows * (worker + 1) / workers);
  });
}

Top top_of(const float* row, std::int64_t n) {
  Top top;
  top.finite = all_finite(row, n);
  top.value = max_of(row, n);
  top.index = std::find(row, row + n, top.value) - row;
  return top;
}

double sum_of_exp(const float* row, std::int64_t n, double max, double* terms) {
  if (terms) {
    exp_of_row(row, n, max, terms);
    return sum_in_lanes(terms, n);
  }
  constexpr std::int64_t kBlock = 1024;  // stays in the first cache
  double block[kBlock];
  double sum = 0;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t count = std::min(kBlock, n - begin);
    exp_of_row(row + begin, count, max, block);
    sum += sum_in_lanes(block, count);
  }
  return sum;
}

}  // namespace qualm::evaluate
