#include "codec/verify.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <span>

#include "codec/matrix.h"

namespace qualm::codec {
namespace {

constexpr std::int64_t kWeightsAtOnce = std::int64_t{1} << 20;

void examine(std::span<const float> values, std::int64_t row, bool matrix, TensorHealth& health) {
  const auto bad = std::ranges::count_if(values, [](float v) { return !std::isfinite(v); });
  if (bad > 0) {
    health.not_finite_weights += bad;
    health.not_finite.add(row);
    return;
  }
  if (!matrix || std::ranges::any_of(values, [&](float v) { return v != values[0]; })) return;
  (values[0] == 0.0F ? health.zero : health.constant).add(row);
}

/// How large the weights of a matrix are, and how alike neighbours.
class Sizes {
 public:
  Sizes(TensorHealth& health, std::int64_t rows)
      : health_(&health), stride_(std::max<std::int64_t>(1, rows / kRowsKept)) {}

  void add(std::span<const float> row, std::int64_t number) {
    double squares = 0;
    float largest = 0;
    std::int64_t neighbours = 0, equal = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      squares += double{row[i]} * row[i];
      largest = std::max(largest, std::abs(row[i]));
      if (i == 0 || row[i - 1] == 0.0F) continue;
      ++neighbours;
      equal += row[i] == row[i - 1] ? 1 : 0;
    }
    if (!std::isfinite(squares)) return;
    health_->neighbours += neighbours;
    health_->equal_neighbours += equal;
    if (largest > health_->largest) health_->largest = largest, health_->largest_row = number;
    if (number % stride_ == 0 && squares > 0)
      rms_.push_back(static_cast<float>(std::sqrt(squares / static_cast<double>(row.size()))));
  }
  void finish() {
    if (rms_.empty()) return;
    const auto middle = rms_.begin() + std::ssize(rms_) / 2;
    std::ranges::nth_element(rms_, middle);
    health_->typical = *middle;
  }

 private:
  static constexpr std::int64_t kRowsKept = 1 << 16;
  TensorHealth* health_;
  std::int64_t stride_;
  std::vector<float> rms_;
};

/// Collects runs of zeros over stretches of weights that follow each other.
class ZeroRuns {
 public:
  explicit ZeroRuns(TensorHealth& health) : health_(&health) {}

  void add(std::span<const float> values) {
    const auto n = static_cast<std::int64_t>(values.size());
    const auto zero = [&](std::int64_t i) { return values[static_cast<std::size_t>(i)] == 0.0F; };
    std::int64_t i = 0;
    while (i < n) {
      if (open_ == 0 && !zero(i)) {  // no run that is long enough begins before the next sample
        const std::int64_t next = i + kZeroRun / 2;
        i = next < n && !zero(next) ? next : i + 1;
        continue;
      }
      if (zero(i)) {
        ++open_;
        ++i;
      } else {
        close(seen_ + i);
      }
    }
    seen_ += n;
  }
  void finish() { close(seen_); }

 private:
  void close(std::int64_t end) {
    if (open_ >= kZeroRun) {
      health_->zero_run_weights += open_;
      if (health_->zero_runs.size() < TensorHealth::kRuns)
        health_->zero_runs.push_back({end - open_, open_});
    }
    open_ = 0;
  }

  TensorHealth* health_;
  std::int64_t seen_ = 0;
  std::int64_t open_ = 0;  ///< zeros at the end of what was seen
};

Error within(Error error, const model::Tensor& tensor) {
  if (error.place.empty()) error.place = "tensor " + tensor.name;
  return error;
}

}  // namespace

void RowList::add(std::int64_t row) {
  ++count;
  if (first.size() < kNamed) first.push_back(row);
}

Result<TensorHealth> verify(const model::Tensor& tensor, Progress& progress) {
  const std::int64_t length = tensor.row_length();
  const std::int64_t rows = tensor.row_count();
  TensorHealth health;
  if (length == 0 || rows == 0) return health;
  const std::int64_t at_once = std::clamp<std::int64_t>(kWeightsAtOnce / length, 1, rows);
  // One weight per row says nothing about constancy.
  const bool matrix = tensor.dims.size() >= 2 && length >= 2;
  ZeroRuns zeros(health);
  Sizes sizes(health, rows);
  health.all_zero = true;
  try {
    std::vector<float> values(static_cast<std::size_t>(at_once * length));
    for (std::int64_t row = 0; row < rows; row += at_once) {
      if (progress.cancelled())
        return fail({Kind::cancelled, "CODEC-009", "", "tensor " + tensor.name, "",
                     "stopped on request", ""});
      const std::int64_t count = std::min(at_once, rows - row);
      const std::span<float> some(values.data(), static_cast<std::size_t>(count * length));
      if (auto read = tensor.data->rows(row, count, some); !read)
        return fail(within(std::move(read).error(), tensor));
      for (std::int64_t i = 0; i < count; ++i) {
        const auto one =
            some.subspan(static_cast<std::size_t>(i * length), static_cast<std::size_t>(length));
        examine(one, row + i, matrix, health);
        if (matrix) sizes.add(one, row + i);
      }
      health.all_zero =
          health.all_zero && std::ranges::all_of(some, [](float v) { return v == 0.0F; });
      if (matrix) zeros.add(some);
      health.rows_read += count;
    }
    zeros.finish();
    sizes.finish();
  } catch (const std::bad_alloc&) {
    return fail(within(memory_error(at_once, length), tensor));
  }
  return health;
}

}  // namespace qualm::codec
