// What the kernels that read rows of logits share.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>

// One binary for every x86-64: the loops below are compiled for AVX-512, for AVX2 and for neither.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define QUALM_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QUALM_CLONES  // sanitizers and resolvers of clones do not go together
#endif

namespace qualm::evaluate {

inline constexpr std::int64_t kLanes = 8;  // of sums that a compiler may not reorder itself

// exp(x) for x <= 0, to 1e-15 relative; 0 below -700. Cody and Waite 1980: x = k ln 2 + r, and the
// Taylor polynomial of exp at |r| <= ln 2 / 2, whose 13th term is below 2^-53.
inline double exp_not_positive(double x) noexcept {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 6.93147180369123816490e-01;
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it leaves k in the low bits
  const double clamped = x < -700.0 ? -700.0 : x;
  const double shifted = clamped * kLog2E + kRound;
  const double k = shifted - kRound;
  const double r = (clamped - k * kLn2High) - k * kLn2Low;
  double e = 1.0 / 479001600.0;
  e = e * r + 1.0 / 39916800.0;
  e = e * r + 1.0 / 3628800.0;
  e = e * r + 1.0 / 362880.0;
  e = e * r + 1.0 / 40320.0;
  e = e * r + 1.0 / 5040.0;
  e = e * r + 1.0 / 720.0;
  e = e * r + 1.0 / 120.0;
  e = e * r + 1.0 / 24.0;
  e = e * r + 1.0 / 6.0;
  e = e * r + 0.5;
  e = e * r + 1.0;
  e = e * r + 1.0;
  const auto scale = (std::bit_cast<std::uint64_t>(shifted) + 1023U) << 52U;
  return x < -700.0 ? 0.0 : e * std::bit_cast<double>(scale);
}

/// work(begin, end) for all rows, on at most `threads` threads, each with rows that follow one
/// another.
void for_rows(std::int64_t rows, std::int32_t threads,
              const std::function<void(std::int64_t begin, std::int64_t end)>& work);

/// The largest logit of a row.
struct Top {
  float value = 0;
  std::int64_t index =
      0;  ///< the first of the largest, as std::max_element and llama-perplexity have it
  bool finite = false;  ///< all of the row is
};
[[nodiscard]] Top top_of(const float* row, std::int64_t n);

/// sum of exp(row_v - max), float64; the terms go to `terms`, n of them, where it is not null.
[[nodiscard]] double sum_of_exp(const float* row, std::int64_t n, double max,
                                double* terms = nullptr);

}  // namespace qualm::evaluate
