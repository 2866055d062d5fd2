// A sum that keeps what rounding would lose.
#pragma once

#include <cmath>

namespace qualm::numeric {

/// Neumaier's compensated sum (1974): the error does not grow with the number of terms.
class Sum {
 public:
  void add(double x) noexcept {
    const double total = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - total) + x : (x - total) + sum_;
    sum_ = total;
  }
  [[nodiscard]] double value() const noexcept { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace qualm::numeric
